"""Pure: compares names in Cyrillic and in Latin letters: «Юлия», "Yulia" and "Julia" sound alike."""

import re

_TO_LATIN = str.maketrans(
    {
        **dict(zip("абвгґдзийклмнопрстуфыэ", "abvggdzijklmnoprstufye", strict=True)),
        **dict(zip("әғқңөұүһі", "agknouuhi", strict=True)),
        "е": "e",
        "ё": "e",
        "ж": "zh",
        "х": "h",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "sch",
        "ю": "u",
        "я": "a",
        "є": "e",
        "ї": "i",
        "ў": "u",
        "ъ": "",
        "ь": "",
    }
)
# Spellings of one sound, and the letters that spellings add or leave out.
_SPELLINGS = (("ks", "x"), ("ph", "f"), ("w", "v"), ("ck", "k"), ("tz", "ts"))
_SILENT = re.compile(r"[aeiouyjh]+")
_REPEATED = re.compile(r"(.)\1+")


def sound_of(name: str) -> str:
    """Return the consonants of a name in Latin letters, the same for all spellings; else the name itself."""
    text = name.casefold().translate(_TO_LATIN)
    for spelling, letter in _SPELLINGS:
        text = text.replace(spelling, letter)
    return _REPEATED.sub(r"\1", _SILENT.sub("", text)) or text
