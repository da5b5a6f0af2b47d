"""Chooses the script and language of an answer by letters and common words. Pure."""

import re
from collections.abc import Iterable, Sequence

from worker.assistant.guardrails.text_normalization import detect_script
from worker.domain.assistant_port import Turn

# Marks such as [photo], links and @names: they do not show which language the contact writes.
_NOT_WORDS = re.compile(r"\[[^\[\]]*\]|(?<!\S)\S{1,80}?(?:://|\.\w{2,30}/)\S*|@\w+")
_ENGLISH = re.compile(
    r"\b(?:the|is|are|you|your|what|how|when|where|who|why|do|does|not|and|can|could|would|will|have|i|i'm"
    r"|it|we"
    r"|my|me|please|thanks|thank|this|that|for|with|about|yes|no|sure|don't|call|price|cost)\b",
    re.IGNORECASE,
)
_CYRILLIC_LANGUAGES = frozenset({"ru", "uk", "be", "bg", "kk", "ky", "mn", "sr", "mk", "tg", "tt"})


def detect_allowed_scripts(text: str, earlier: Sequence[Turn]) -> frozenset[str]:
    """Return the scripts in which `text` may be answered; empty (any script) if nothing shows one."""
    words = _NOT_WORDS.sub(" ", text)
    kind = detect_script(words)
    if kind == "latin":
        # It may be "ok", a brand, or Russian in Latin letters: the script of the conversation is allowed too.
        is_clear = len(words.split()) > 2 and is_english(words)
        return frozenset({"latin"}) if is_clear else frozenset({"latin", *_latest_script(earlier)})
    if kind == "other":
        return frozenset({"other", "latin"})
    return frozenset({kind}) if kind else _latest_script(earlier)


def detect_form_scripts(name: str, answers: Iterable[str], said: str) -> frozenset[str]:
    """Return the scripts in which the sender of a form may be greeted: those of `said`, else of the form.

    A form without words is greeted in Russian, or in English if the name has Latin letters.
    """
    request = _NOT_WORDS.sub(" ", "\n".join(answers))
    if detect_script(_NOT_WORDS.sub(" ", said)) is not None:
        return detect_allowed_scripts(said, [Turn(from_us=False, text=request)])
    named = detect_script(name)
    match detect_script(request):
        case "cyrillic":
            return frozenset({"cyrillic"})
        case "latin":
            is_clear = len(request.split()) > 2 and is_english(request) and named != "cyrillic"
            return frozenset({"latin"}) if is_clear else frozenset({"latin", "cyrillic"})
        case "other":
            return frozenset({"other", "latin", "cyrillic"})
        case _:
            return frozenset({"cyrillic", "latin"}) if named == "latin" else frozenset({"cyrillic"})


def is_english(text: str) -> bool:
    """Return True if at least a quarter of the words are common English ones."""
    words = len(text.split())
    return bool(words) and len(_ENGLISH.findall(text)) * 4 >= words


def resolve_language(claimed: str, allowed: frozenset[str]) -> str:
    """Return the ISO 639-1 code that the model claimed, or `ru`/`en` if the scripts do not allow it."""
    code = claimed.strip().lower()[:2]
    if not allowed or ("cyrillic" if code in _CYRILLIC_LANGUAGES else "latin") in allowed:
        return code
    return "ru" if "cyrillic" in allowed else "en"


def is_in_scripts(text: str, allowed: frozenset[str]) -> bool:
    """Return True if the text is in one of the scripts, or has no words, or any script is allowed."""
    return not allowed or detect_script(_NOT_WORDS.sub(" ", text)) in {*allowed, None}


def _latest_script(earlier: Sequence[Turn]) -> frozenset[str]:
    """Return the script of the latest turn that has words."""
    for turn in reversed(earlier):
        if (kind := detect_script(_NOT_WORDS.sub(" ", turn.text))) is not None:
            return frozenset({kind})
    return frozenset()
