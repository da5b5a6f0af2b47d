"""Normalizes text to what a reader sees: invisible characters, look-alike letters. Pure."""

import re
import unicodedata
from functools import lru_cache

# Letters that look the same in both alphabets. A word that mixes alphabets is read as Cyrillic.
_TO_CYRILLIC = str.maketrans("aceopxykmtbhi", "асеорхукмтвні")
_TO_LATIN = str.maketrans("асеорхукмтвніѕј", "aceopxykmtbhisj")
_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC_LETTER = re.compile(r"[Ѐ-ӿ]")
_LATIN_LETTER = re.compile(r"[A-Za-zÀ-ɏ]")


class _VisibleCharacters(dict[int, int | None]):
    """Table for str.translate that removes invisible characters; each character is looked up once."""

    def __missing__(self, code: int) -> int | None:
        char = chr(code)
        # U+FE0F, a variation selector, only marks an emoji.
        is_removed = char == "\ufe0f" or (unicodedata.category(char)[0] == "C" and char not in "\n\t")
        self[code] = None if is_removed else code
        return self[code]


_VISIBLE = _VisibleCharacters()


# Cached: the checks of one text ask for the same forms again and again.
_CACHED = 32


@lru_cache(maxsize=_CACHED)
def strip_invisible(text: str) -> str:
    """Return `text` without invisible characters; full-width and bold letters become plain (NFKC)."""
    return unicodedata.normalize("NFKC", text).translate(_VISIBLE)


def count_invisible(text: str) -> int:
    """Count the invisible characters that only a program can read; those that join emoji do not count."""
    return sum(
        unicodedata.category(char) in {"Cf", "Co", "Cn"} and char not in "\u200d\u00ad" for char in text
    )


@lru_cache(maxsize=_CACHED)
def search_form(text: str) -> str:
    """Normalize for pattern search: visible, lower case, `ё` as `е`, mixed-alphabet words as Cyrillic."""
    lowered = strip_invisible(text).lower().replace("ё", "е")
    has_both = _CYRILLIC_LETTER.search(lowered) and _LATIN_LETTER.search(lowered)
    return _WORD.sub(_unmix_alphabets, lowered) if has_both else lowered


def letters_only(text: str) -> str:
    """Normalize for comparison: letters only, lower case, look-alike letters as Latin."""
    letters = "".join(char for char in strip_invisible(text).lower().replace("ё", "е") if char.isalpha())
    return letters.translate(_TO_LATIN)


@lru_cache(maxsize=_CACHED)
def detect_script(text: str) -> str | None:
    """Return the script of most words: `cyrillic` (also on a tie), `latin` or `other`; None without words."""
    words = _WORD.findall(text)
    if not words:
        return None
    cyrillic = sum(bool(_CYRILLIC_LETTER.search(word)) for word in words)
    latin = sum(bool(_LATIN_LETTER.search(word)) and not _CYRILLIC_LETTER.search(word) for word in words)
    if (cyrillic + latin) * 2 < len(words):
        return "other"
    return "cyrillic" if cyrillic >= latin else "latin"


def _unmix_alphabets(word: re.Match[str]) -> str:
    mixed = _CYRILLIC_LETTER.search(word[0]) and _LATIN_LETTER.search(word[0])
    return word[0].translate(_TO_CYRILLIC).replace("і", "и") if mixed else word[0]


_LATIN_SPELLING = str.maketrans(
    {
        **dict(zip("абвгдезийклмнопрстуфхы", "abvgdeziiklmnoprstufhi", strict=True)),
        "ё": "e",
        "ж": "zh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "sch",
        "э": "e",
        "ю": "iu",
        "я": "ia",
        "ъ": "",
        "ь": "",
        "y": "i",
        "j": "i",
        "x": "ks",
        "’": "",
        "'": "",
    }
)


def transliterate(text: str) -> str:
    """Normalize names for comparison: lower case, Latin letters, `y` and `j` as `i`."""
    return strip_invisible(text).lower().translate(_LATIN_SPELLING)
