"""Text search in leads, with the same results on PostgreSQL and SQLite."""

import re
from typing import Any

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import Mapped
from sqlmodel import col

from api.forms.body.text_cleaning import one_line
from shared.contacts import parse_phone, parse_username
from shared.database.models import Lead

_USERNAME_PART = re.compile(r"[A-Za-z0-9_]+")
_PHONE_LIKE = re.compile(r"[\s0-9()+\-–—.]+")


def search_condition(
    text: str, *, region: str, is_postgres: bool, lead: type[Lead] = Lead
) -> ColumnElement[bool] | None:
    """Return the condition that the name, phone or username contains `text`; None if `text` is blank.

    `lead`: another alias of the table.
    """
    text = one_line(text)
    if not text:
        return None
    conditions = [_contains(col(lead.name), text, is_postgres=is_postgres)]
    username = parse_username(text) or text.removeprefix("@")
    if _USERNAME_PART.fullmatch(username):
        conditions.append(_contains(col(lead.username), username, is_postgres=is_postgres))
    if _PHONE_LIKE.fullmatch(text) and (digits := re.sub(r"\D", "", text)):
        conditions += _phone_conditions(text, digits, region, lead)
    return or_(*conditions)


def _phone_conditions(text: str, digits: str, region: str, lead: type[Lead]) -> list[ColumnElement[bool]]:
    phone = parse_phone(text, region=region)
    if phone and text.startswith("+"):
        # A prefix search: an index finds it much faster than a part of the number.
        return [col(lead.phone_e164).startswith(phone.e164)]
    parts = [col(lead.phone).contains(digits), col(lead.phone_e164).contains(digits)]
    return [*parts, col(lead.phone_e164) == phone.e164] if phone else parts


def _contains(column: Mapped[Any], text: str, *, is_postgres: bool) -> ColumnElement[bool]:
    # lower() and LIKE ignore the case only of ASCII on SQLite, and on PostgreSQL in the C locale. A character
    # class with all forms of a letter needs no locale.
    if is_postgres:
        return column.op("~", is_comparison=True)("".join(map(_regex, text)))
    return column.op("GLOB", is_comparison=True)(f"*{''.join(map(_glob, text))}*")


def _forms(letter: str) -> str:
    """Return the upper and lower case of a letter; е and ё are equal."""
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
