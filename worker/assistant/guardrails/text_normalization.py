"""Pure: text as a reader sees it, whatever it is made of: invisible signs, twins of letters."""

import re
import unicodedata

# Letters that look alike in both alphabets; a word that mixes them is read as Cyrillic.
_TO_CYRILLIC = str.maketrans("aceopxykmtbhi", "асеорхукмтвні")
_TO_LATIN = str.maketrans("асеорхукмтвніѕј", "aceopxykmtbhisj")
_WORD = re.compile(r"[^\W\d_]+")
_CYRILLIC_LETTER = re.compile(r"[Ѐ-ӿ]")
_LATIN_LETTER = re.compile(r"[A-Za-zÀ-ɏ]")


class _Shown(dict[int, int | None]):
    """For str.translate: what shows nothing goes, each sign looked up once."""

    def __missing__(self, code: int) -> int | None:
        sign = chr(code)
        # The variation selector only says that an emoji is one.
        gone = sign == "\ufe0f" or (unicodedata.category(sign)[0] == "C" and sign not in "\n\t")
        self[code] = None if gone else code
        return self[code]


_SHOWN = _Shown()


def strip_invisible(text: str) -> str:
    """`text` without signs that show nothing, compatibility forms (full width, bold) as plain letters."""
    return unicodedata.normalize("NFKC", text).translate(_SHOWN)


def count_invisible(text: str) -> int:
    """How many signs show nothing and join no emoji: there to be read by machines alone."""
    return sum(
        unicodedata.category(sign) in {"Cf", "Co", "Cn"} and sign not in "\u200d\u00ad" for sign in text
    )


def search_form(text: str) -> str:
    """For searching: visible, lower case, ё as е, words that mix alphabets as Cyrillic."""
    return _WORD.sub(_unmixed, strip_invisible(text).lower().replace("ё", "е"))


def letters_only(text: str) -> str:
    """For comparing: only the letters, with one sign for each pair of twins."""
    letters = "".join(sign for sign in strip_invisible(text).lower().replace("ё", "е") if sign.isalpha())
    return letters.translate(_TO_LATIN)


def script(text: str) -> str | None:
    """`cyrillic`, `latin` or `other`: what most words are in, Cyrillic on a draw; None if there are none."""
    words = _WORD.findall(text)
    if not words:
        return None
    cyrillic = sum(bool(_CYRILLIC_LETTER.search(word)) for word in words)
    latin = sum(bool(_LATIN_LETTER.search(word)) and not _CYRILLIC_LETTER.search(word) for word in words)
    if (cyrillic + latin) * 2 < len(words):
        return "other"
    return "cyrillic" if cyrillic >= latin else "latin"


def _unmixed(word: re.Match[str]) -> str:
    mixed = _CYRILLIC_LETTER.search(word[0]) and _LATIN_LETTER.search(word[0])
    return word[0].translate(_TO_CYRILLIC).replace("і", "и") if mixed else word[0]
