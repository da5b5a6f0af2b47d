"""Pure: the words of field names, in several languages, and each says about a field's content."""

import re
import unicodedata
from enum import Enum, auto
from functools import lru_cache
from importlib.resources import files


class Word(Enum):
    """What one word of a field's name, label or type says; field_words.txt explains each."""

    NAME = auto()
    GIVEN_NAME = auto()
    LAST_NAME = auto()
    PHONE = auto()
    NUMBER = auto()
    USERNAME = auto()
    TELEGRAM = auto()
    CONTACT = auto()
    PHONE_MESSENGER = auto()
    NETWORK = auto()
    SOCIAL = auto()
    EMAIL = auto()
    METHOD = auto()
    TIME = auto()
    PARTY = auto()
    OWNER = auto()
    THING = auto()
    FORM = auto()
    LINK = auto()
    PROPERTY = auto()
    ID = auto()
    COUNTRY = auto()
    CODE = auto()
    SECONDARY = auto()
    GENERIC = auto()
    ENVELOPE = auto()
    FILLER = auto()
    BREAK = auto()


def _read_words() -> tuple[dict[str, Word], tuple[tuple[str, Word], ...]]:
    """Return the kinds of the words in field_words.txt, and the kinds of the beginnings of words."""
    words: dict[str, Word] = {}
    kind = Word.FILLER
    for line in files("api.forms.recognition").joinpath("field_words.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            kind = Word[line.strip("[]")]
        elif not line.startswith("#"):
            words |= dict.fromkeys(line.split(), kind)
    stems = tuple((word[:-1], kind) for word, kind in words.items() if word.endswith("*"))
    return {word: kind for word, kind in words.items() if not word.endswith("*")}, stems


_BY_WORD, _STEMS = _read_words()
# Shorter pieces are parts of too many other words: "tel" of "hotel" only counts because "ho" is no word.
_MIN_PIECE = 3
_SHORT_PIECES = frozenset({"id", "tg", "vk", "fb", "ig", "my"})
_MAX_COMPOUND = 40
_TOKEN = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])")
_APOSTROPHE = re.compile(r"(?<=\w)['’ʼ`](?=\w)")
# "l'employeur"
_ELISION = re.compile(r"\b(?:[dlmn]|qu)['’ʼ](?=[^\W\d_]{2})", re.IGNORECASE)
_ASIDE = re.compile(r"\(([^()]*)\)|\s[-–—]\s(.*)$")
_WHATS_APP = re.compile(r"whats[ _-]app", re.IGNORECASE)
# The WhatsApp API's name for a phone.
_WA_ID = re.compile(r"(?<![^\W_])wa[ _-]id(?![^\W_])", re.IGNORECASE)
# "Тел. менеджера" is one clause; "Тел. Наш менеджер перезвонит" has two.
_ABBREVIATION = re.compile(r"(?<!\w)(\w{1,4})\.\s+(?=[a-zа-яё]|\w+\W*$)")
_PUNCTUATION_BREAK = re.compile(r"[?!;:—]|,\s|\.\s")


def words_in(kind: Word) -> list[str]:
    """Return the known words that say this, without beginnings of words."""
    return sorted(word for word, own in _BY_WORD.items() if own is kind)


def words_of_kind(kind: Word) -> list[str]:
    """Return the known words that say this, and beginnings of such words; none that contains another one."""
    words = {word for word, own in (*_BY_WORD.items(), *_STEMS) if own is kind}
    return sorted(word for word in words if not any(part in word for part in words - {word}))


@lru_cache(maxsize=1024)
def meaning_of(word: str) -> Word | None:
    """Return what one word in lower case says; None for an unknown word."""
    found = _BY_WORD.get(word) or (
        _BY_WORD.get(word[:-1]) if word.endswith("s") and len(word) > _MIN_PIECE else None
    )
    return found or next((kind for stem, kind in _STEMS if word.startswith(stem)), None)


@lru_cache(maxsize=1024)
def clauses(text: str) -> tuple[tuple[str, ...], ...]:
    """Split a field's name into clauses of words in lower case: "Phone, so a manager can call" has two.

    Camel case and words without spaces are split if their parts are known: `clientPhone`, `yourname`.
    """
    text = _without_accents(_APOSTROPHE.sub("", _ELISION.sub("", unicodedata.normalize("NFKC", text))))
    text = _ASIDE.sub(_separate_aside, _WHATS_APP.sub("WhatsApp", _WA_ID.sub("waid", text)))
    text = _ABBREVIATION.sub(r"\1 ", text) if ". " in text else text
    found: list[tuple[str, ...]] = []
    for part in _PUNCTUATION_BREAK.split(text):
        clause: list[str] = []
        for token in _TOKEN.findall(part):
            for word in _split(token):
                # Only in sentences: "assigned_to_phone" is one clause.
                if meaning_of(word) is Word.BREAK and " " in text:
                    found.append(tuple(clause))
                    clause = []
                else:
                    clause.append(word)
        found.append(tuple(clause))
    return tuple(clause for clause in found if clause)


def _separate_aside(match: re.Match[str]) -> str:
    """Make a clause of an aside of several words, as in "Phone (our manager will call)"."""
    content = match.group(1) or match.group(2) or ""
    return f" ; {content} ; " if len(content.split()) > 1 else f" {content} "


def _without_accents(text: str) -> str:
    """Remove accents from Latin letters: `teléfono`. Cyrillic й stays, and ё becomes е."""
    if text.isascii():
        return text
    decomposed = "".join(
        character if character > "\u024f" else unicodedata.normalize("NFD", character)[0]
        for character in text
    )
    return decomposed.replace("ё", "е").replace("Ё", "Е")


def _split(token: str) -> list[str]:
    word = token.casefold()
    if meaning_of(word) is not None:
        return [word]
    # A single lower-case letter before a capital is no word: pHoNe.
    parts = [part.casefold() for part in _CAMEL.sub(" ", token).split()]
    if len(parts) > 1:
        return [piece for part in parts for piece in (_compound(part) or [part])]
    return _compound(word) or [word]


def _compound(word: str) -> list[str] | None:
    """Split a word into known words, the longest first; None if it is not made of known words."""
    if meaning_of(word) is not None:
        return [word]
    if len(word) > _MAX_COMPOUND:
        return None
    for end in range(len(word) - 1, 1, -1):
        piece = word[:end]
        if (len(piece) >= _MIN_PIECE or piece in _SHORT_PIECES) and piece in _BY_WORD:
            rest = word[end:]
            if len(rest) < _MIN_PIECE and rest not in _SHORT_PIECES:
                continue
            if (pieces := _compound(rest)) is not None:
                return [piece, *pieces]
    return None
