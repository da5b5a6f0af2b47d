"""Chooses the script and language of an answer by letters and common words. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

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
# Short words that nearly every sentence of a language has; `ru` is Russian in Latin letters.
_COMMON_WORDS: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        language: frozenset(words.split())
        for language, words in {
            "en": "the a an is are was you your what how when where who why do does did not and or "
            "can could would will have has i i'm it it's we my our me please thanks thank "
            "this that these for with about of to in on at yes no sure don't call price cost "
            "need want looking would like there if be as from help",
            "de": "der die das und ist nicht ich wir sie ein eine einen für mit auf zu den dem von "
            "bei passt ihnen hier guten tag hallo danke bitte können möchten haben sind was "
            "wie wann ja nein auch oder es im am nach uns",
            "fr": "le la les des et est pas je nous vous un une pour avec dans du que qui bonjour "
            "merci votre vos notre être avez souhaitez plus sur au aux ce cette oui non salut "
            "sont mais ou à",
            "es": "el la los las de que y en es un una para con su por no se le lo hola gracias "
            "usted nosotros puede quiere está somos son más como del al sí le gustaría te "
            "bien nuestro",
            "it": "il lo la gli le di che e è un una per con non si del della ciao grazie "
            "buongiorno lei noi sono può vuole siamo più come alla nostro vostro",
            "pt": "o a os as de que e é um uma para com não se do da em olá obrigado você nós pode "
            "são mais como ao nosso seu sua está",
            "pl": "i w na z do jest nie to się że co jak czy dla po dzień dobry dziękuję proszę pan "
            "pani my są oraz",
            "tr": "bir ve bu için ile ne mi mı mu siz biz merhaba teşekkürler evet hayır var yok "
            "çok daha olarak bize size",
            "ru": "ya ne na mne nam vam chto kak eto dlya est privet zdravstvuyte skolko stoit "
            "nuzhen nuzhna nuzhno mozhno u s v vas hochu da net ili po za i my vy no do tak",
        }.items()
    }
)
_LATIN_WORD = re.compile(r"[A-Za-zÀ-ɏ][A-Za-zÀ-ɏ'’]*")
_LETTERS = re.compile(r"[^\W\d_]+")
_MIN_COMMON_WORDS = 2
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
    if words and len(_ENGLISH.findall(text)) * 4 >= words:
        return True
    return guess_latin_language(text) == "en"


def guess_latin_language(text: str) -> str | None:
    """Return the language of a text in Latin letters by its common words (`ru`: transliterated).

    None without at least two of them, or if another language has as many.
    """
    words = [word.lower().replace("’", "'") for word in _LATIN_WORD.findall(text)]
    counts = {language: sum(word in common for word in words) for language, common in _COMMON_WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    most = counts.pop(best)
    return best if most >= _MIN_COMMON_WORDS and most > max(counts.values()) else None


def resolve_language(claimed: str, allowed: frozenset[str]) -> str:
    """Return the ISO 639-1 code that the model claimed, or `ru`/`en` if the scripts do not allow it."""
    code = claimed.strip().lower()[:2]
    if not allowed or ("cyrillic" if code in _CYRILLIC_LANGUAGES else "latin") in allowed:
        return code
    return "ru" if "cyrillic" in allowed else "en"


def is_in_scripts(text: str, allowed: frozenset[str], names: frozenset[str] = frozenset()) -> bool:
    """Return True if the text is in one of the scripts, or has no words, or any script is allowed.

    `names` are words that may stand in a text of any script, such as those of products.
    """
    return not allowed or script_of(_NOT_WORDS.sub(" ", text), names) in {*allowed, None}


def script_of(text: str, names: frozenset[str]) -> str | None:
    """Return the script of most words, without `names` if most are in Latin letters; None without words."""
    script = detect_script(text)
    if script != "latin" or not names:
        return script
    return detect_script(" ".join(word for word in _LETTERS.findall(text) if word not in names))


def _latest_script(earlier: Sequence[Turn]) -> frozenset[str]:
    """Return the script of the latest turn that has words."""
    for turn in reversed(earlier):
        if (kind := detect_script(_NOT_WORDS.sub(" ", turn.text))) is not None:
            return frozenset({kind})
    return frozenset()
