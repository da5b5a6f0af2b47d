"""Marks that stand for voice and video messages in stored texts: `[voice message]`, `[voice] words`."""

import re

from worker.domain.content_markers import own_words

_VOICE = re.compile(r"\[(?:voice message|video message)(?:, not heard)?\]")
_UNTRANSCRIBED = re.compile(r"\[(voice message|video message)\]")
_TRANSCRIBED = re.compile(r"\[(?:voice|video)\] ")
# Characters; the transcript of a five-minute message is shorter.
_MAX_TRANSCRIPT = 8_000


def is_only_voice(text: str) -> bool:
    """Return True if the text consists of voice messages without a transcript, also as replies."""
    return bool(_VOICE.search(text)) and not _VOICE.sub("", own_words(text)).strip()


def is_untranscribed(text: str) -> bool:
    """Return True for a voice or video message whose transcription has not been tried yet."""
    return _UNTRANSCRIBED.search(text) is not None


def add_transcript(text: str, words: str | None) -> str:
    """Return the stored text with the transcript; without words, mark the message as not heard."""
    transcript = " ".join((words or "").replace("\0", "").split())[:_MAX_TRANSCRIPT]
    if not transcript:
        return _UNTRANSCRIBED.sub(lambda found: f"[{found[1]}, not heard]", text, count=1)
    return _UNTRANSCRIBED.sub(lambda found: f"[{found[1].split()[0]}] {transcript}", text, count=1)


def strip_voice_mark(text: str) -> str:
    """Return the text without the mark that it is a transcript."""
    return _TRANSCRIBED.sub("", text)
