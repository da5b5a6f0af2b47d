"""Text search in leads, alike on PostgreSQL and SQLite."""

import re
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Mapped
from sqlmodel import col

from api.forms.text_cleaning import one_line
from shared.contacts import parse_phone, parse_username
from shared.database.models import Lead

_IN_USERNAMES = re.compile(r"[A-Za-z0-9_]+")
_PHONE_LIKE = re.compile(r"[\s0-9()+\-–—.]+")


def matches(text: str, *, region: str, is_postgres: bool) -> ColumnElement[bool] | None:
    """The condition that `text` is in the name, the phone or the username; None if there is no text."""
    text = one_line(text)
    if not text:
        return None
    conditions = [_contains(col(Lead.name), text, is_postgres=is_postgres)]
    username = parse_username(text) or text.removeprefix("@")
    if _IN_USERNAMES.fullmatch(username):
        conditions.append(_contains(col(Lead.username), username, is_postgres=is_postgres))
    if _PHONE_LIKE.fullmatch(text) and (digits := re.sub(r"\D", "", text)):
        conditions += _phones(text, digits, region)
    return or_(*conditions)


def _phones(text: str, digits: str, region: str) -> list[ColumnElement[bool]]:
    phone = parse_phone(text, region=region)
    if phone and text.startswith("+"):
        # From its first digit on: that an index finds at once, a part of it much later.
        return [col(Lead.phone_e164).startswith(phone.e164)]
    parts = [col(Lead.phone).contains(digits), col(Lead.phone_e164).contains(digits)]
    return [*parts, col(Lead.phone_e164) == phone.e164] if phone else parts


def _contains(column: Mapped[Any], text: str, *, is_postgres: bool) -> ColumnElement[bool]:
    # lower() and LIKE know no Cyrillic on SQLite, nor on PostgreSQL in the C locale. A class of a letter's
    # forms needs no locale.
    if is_postgres:
        return column.op("~", is_comparison=True)("".join(map(_regex, text)))
    return column.op("GLOB", is_comparison=True)(f"*{''.join(map(_glob, text))}*")


def _forms(letter: str) -> str:
    """The forms of a letter: its cases, and е for ё."""
    plain = {"ё": "е", "Ё": "е"}.get(letter, letter)
    forms = {plain, letter, plain.lower(), plain.upper()}
    if plain in {"е", "Е"}:
        forms |= set("еЕёЁ")
    return "".join(sorted(form for form in forms if len(form) == 1))


def _regex(character: str) -> str:
    if character.isalpha():
        return f"[{_forms(character)}]"
    return f"\\{character}" if character in r".^$*+?()[]{}|\\" else character


def _glob(character: str) -> str:
    if character.isalpha():
        return f"[{_forms(character)}]"
    return f"[{character}]" if character in "*?[" else character
