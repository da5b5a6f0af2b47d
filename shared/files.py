"""Files that an owner edits or that belong to the owner alone: what is wrong with one is said in one line."""

import codecs
import os
import re
from pathlib import Path

from shared.localized_messages import sentence

# A profile of this size fits no model's context.
MAX_TEXT_BYTES = 1024 * 1024
UTF8_ADVICE = "is {encoding} text: save it as UTF-8"
# Of others and of the group: new files are the owner's alone.
_PRIVATE = 0o077
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
# In other encodings of one byte, letters beyond ASCII rarely follow each other.
_RUSSIAN_WORD = re.compile(r"\b[А-ЯЁа-яё][а-яё]{4,}\b")


def make_new_files_private() -> None:
    """Let every file that this process creates from now on be readable by its owner alone."""
    os.umask(os.umask(_PRIVATE) | _PRIVATE)


def read_text(path: Path, *, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Return the text of a UTF-8 file, without its byte order mark.

    Raises ValueError with one line: what is wrong with the file, and what to do.
    """
    try:
        if path.is_dir():
            raise ValueError("is a folder: name a file in it")
        size = path.stat().st_size
        if size > max_bytes:
            raise ValueError(
                sentence(
                    "has {size} KiB: at most {most} KiB are read", size=size // 1024, most=max_bytes // 1024
                )
            )
        content = path.read_bytes()
    except FileNotFoundError:
        raise ValueError("is not there") from None
    except PermissionError:
        raise ValueError("may not be read by this user: correct its owner or its mode (chmod u+r)") from None
    except OSError as error:
        raise ValueError(sentence("cannot be read: {why}", why=error.strerror)) from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(_describe_encoding(content)) from None
    if "\x00" in text:
        raise ValueError("is no text file")
    return text


def _describe_encoding(content: bytes) -> str:
    if content.startswith(_UTF16):
        return sentence(UTF8_ADVICE, encoding="UTF-16")
    if b"\x00" in content:
        return "is no text file"
    if _RUSSIAN_WORD.search(content.decode("cp1251", "replace")):
        return sentence(UTF8_ADVICE, encoding="Windows-1251")
    return "is not UTF-8 text: save it as UTF-8"
