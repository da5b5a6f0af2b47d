"""Pure: which language a person is to be answered in, as far as its letters and commonest words tell."""

import re
from collections.abc import Sequence

from worker.assistant.guardrails.text_normalization import script
from worker.domain.assistant_port import Turn

# Whatever is no word of the person's own: links, @names.
_NO_WORDS = re.compile(r"\S+://\S+|\S+\.\w{2,}/\S*|@\w+")
_ENGLISH = re.compile(
    r"\b(?:the|is|are|you|your|what|how|when|where|who|why|do|does|not|and|can|could|would|will|have|i|i'm|it|we"
    r"|my|me|please|thanks|thank|this|that|for|with|about|yes|no|sure|don't|call|price|cost)\b",
    re.IGNORECASE,
)
_CYRILLIC_LANGUAGES = frozenset({"ru", "uk", "be", "bg", "kk", "ky", "mn", "sr", "mk", "tg", "tt"})


def scripts_for(said: str, earlier: Sequence[Turn]) -> frozenset[str]:
    """The scripts in which `said` may be answered; empty if there is nothing to tell by."""
    words = _NO_WORDS.sub(" ", said)
    kind = script(words)
    if kind == "latin":
        # "ok", a brand, or Russian in Latin letters: the conversation's own script will do as well.
        sure = len(words.split()) > 2 and len(_ENGLISH.findall(words)) * 4 >= len(words.split())
        return frozenset({"latin"}) if sure else frozenset({"latin", *_before(earlier)})
    if kind == "other":
        return frozenset({"other", "latin"})
    return frozenset({kind}) if kind else _before(earlier)


def answer_language(claimed: str, allowed: frozenset[str]) -> str:
    """The model's word on the language, unless the person's letters belie it; an ISO 639-1 code."""
    code = claimed.strip().lower()[:2]
    if not allowed or ("cyrillic" if code in _CYRILLIC_LANGUAGES else "latin") in allowed:
        return code
    return "ru" if "cyrillic" in allowed else "en"


def speaks(text: str, allowed: frozenset[str]) -> bool:
    """Whether a text is in one of the scripts."""
    return not allowed or script(_NO_WORDS.sub(" ", text)) in {*allowed, None}


def _before(earlier: Sequence[Turn]) -> frozenset[str]:
    """What both sides last wrote in."""
    for turn in reversed(earlier):
        if (kind := script(_NO_WORDS.sub(" ", turn.text))) is not None:
            return frozenset({kind})
    return frozenset()
