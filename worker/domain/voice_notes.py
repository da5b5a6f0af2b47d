"""The marks that stand for voice and video messages in a stored text: `[voice message]`, `[voice] words`."""

import re

_VOICE = re.compile(r"\[(?:voice message|video message)(?:, not heard)?\]")
_UNHEARD = re.compile(r"\[(voice message|video message)\]")
_HEARD = re.compile(r"\[(?:voice|video)\] ")
# A talk of five minutes is shorter.
_LONGEST_TALK = 8_000


def is_only_voice(said: str) -> bool:
    """Whether there are voice messages and nothing to read."""
    return bool(_VOICE.search(said)) and not _VOICE.sub("", said).strip()


def is_untranscribed(text: str) -> bool:
    """Whether a message is a voice or video message that nobody has tried to hear yet."""
    return _UNHEARD.search(text) is not None


def with_transcript(text: str, words: str | None) -> str:
    """Such a message with the words that were heard; None: it cannot be heard."""
    said = " ".join((words or "").replace("\0", "").split())[:_LONGEST_TALK]
    if not said:
        return _UNHEARD.sub(lambda found: f"[{found[1]}, not heard]", text, count=1)
    return _UNHEARD.sub(lambda found: f"[{found[1].split()[0]}] {said}", text, count=1)


def without_mark(text: str) -> str:
    """A message without the mark that it was spoken."""
    return _HEARD.sub("", text)
