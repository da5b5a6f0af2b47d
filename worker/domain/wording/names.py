"""Finds the name by which a person is addressed in what a form holds in its field for the name. Pure."""

import re
from unicodedata import category, normalize

_MAX_LENGTH = 40
_MAX_WORDS = 4
# Emoji, and the characters that emoji consist of.
_SIGNS = frozenset({"So", "Sk", "Mn", "Cf"})
# A remark, such as a city or a position.
_REMARK = re.compile(r"[(\[{].*", re.DOTALL)
# What people write instead of a name: «не знаю», «без имени», "test".
_NOT_GIVEN = re.compile(
    r"(?:не|без|not)\s.*|нет|имя|аноним\w*|инкогнито|неизвестн\w*|клиент|гость|тест"
    r"|no\s+name|none|null|name|anonymous|unknown|guest|client|test",
    re.IGNORECASE | re.DOTALL,
)
# With one of these words, the name is a company's.
_COMPANY_FORM = re.compile(
    r"(?:ООО|[ОЗПН]?АО|ИП|АНО|НКО|ГК|УП|ЧП|ТОО|ФГУП|ГБУ|компания|фирма|LLC|Ltd|Inc|GmbH|Corp|PLC)\.?",
    re.IGNORECASE,
)


def name_to_address(given: str) -> str:
    """Return the name; empty if the field holds none, or a phone, a link, a company or a long text."""
    bare = "".join(char for char in normalize("NFC", given) if category(char) not in _SIGNS)
    words = _REMARK.sub("", bare).strip("\"'«»“” ").split()
    name = " ".join(words)
    is_name = len(name) <= _MAX_LENGTH and len(words) <= _MAX_WORDS
    if not is_name or _NOT_GIVEN.fullmatch(name) or any(map(_COMPANY_FORM.fullmatch, words)):
        return ""
    return name if all(char.isalpha() or char in " .-'’`" for char in name) else ""
