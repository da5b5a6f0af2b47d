"""Pure: converts the bytes of a delivery to text that PostgreSQL can store, and back."""

import re

from api.forms.body.text_cleaning import decode

UTF_8 = "utf-8"
WINDOWS_1251 = "windows-1251"
ESCAPED = "escaped"

_ESCAPE = re.compile(rb"\\x([0-9a-f]{2})")


def to_text(body: bytes) -> tuple[str, str]:
    """Return the text, and the charset with which `to_bytes` restores the bytes (without a BOM)."""
    text = decode(body)
    if body.isascii() and "\x00" not in text:
        return text, UTF_8
    if "\x00" not in text:
        for charset, codec in ((UTF_8, "utf-8-sig"), (WINDOWS_1251, "cp1251")):
            if _decodes_to(body, codec, text):
                return text, charset
    # PostgreSQL cannot store NUL. A backslash that looks like an escape is itself escaped.
    escaped = body.replace(b"\\x", rb"\x5cx").decode("utf-8", "backslashreplace")
    return escaped.replace("\x00", r"\x00"), ESCAPED


def to_bytes(text: str, charset: str) -> bytes:
    """Restore the bytes that `to_text` converted; masked parts stay masked."""
    if charset == WINDOWS_1251:
        return text.encode("cp1251", "replace")
    body = text.encode()
    if charset == ESCAPED:
        return _ESCAPE.sub(lambda match: bytes([int(match.group(1), 16)]), body)
    return body


def _decodes_to(body: bytes, codec: str, text: str) -> bool:
    try:
        return body.decode(codec) == text
    except UnicodeDecodeError:
        return False
