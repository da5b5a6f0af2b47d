"""Texts of the owner's notices in Russian and English: lead ids and names, phones masked."""

import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType

from shared.logging_setup import mask_phones
from shared.translations import Language, translate_reason

MAX_LINES = 15
MAX_LINE_LENGTH = 200
# An error text of the API lists fields of the form. The line about refused calls may be longer than others.
MAX_REASON_LENGTH = 300
MAX_LONG_LINE = 500
_MAX_SOURCES_LENGTH = 60
# Telegram accepts 4,096 characters.
MAX_TEXT_LENGTH = 4000


@cache
def _texts(language: Language) -> Mapping[str, str]:
    with (Path(__file__).parent / f"notices.{language}.toml").open("rb") as file:
        return MappingProxyType(tomllib.load(file))


def render_line(language: Language, template: str, **values: object) -> str:
    """Fill in one template; returns a single line of at most `MAX_LINE_LENGTH` characters.

    A reason is translated.
    """
    if "reason" in values:
        values["reason"] = translate_reason(language, str(values["reason"] or "?"))
    values["name"] = str(values.get("name") or "").strip() or _texts(language)["nameless"]
    return _cut(_render(language, template, values), MAX_LINE_LENGTH)


def render_long(language: Language, template: str, **values: object) -> str:
    """Fill in one template whose line may be longer, such as a summary."""
    if "reason" in values:
        values["reason"] = translate_reason(language, str(values["reason"] or "?"))
    return _cut(_render(language, template, values), MAX_LONG_LINE)


def render_more(language: Language, counts: Mapping[str, int]) -> str:
    """Return the sentences of the summary about trouble and waiting; empty if all counts are 0."""
    return f" {_render(language, 'summary_more', counts)}" if any(counts.values()) else ""


def duration(language: Language, seconds: float | None) -> str:
    """Return a duration in the owner's words, such as `40 с` or `2 ч`."""
    if seconds is None:
        return "—"
    units = (("с", "s", 1), ("мин", "min", 60), ("ч", "h", 3600))
    russian, english, size = next(
        unit for unit in reversed(units) if seconds >= 2 * unit[2] or unit is units[0]
    )
    return f"{seconds / size:.0f} {russian if language == 'ru' else english}"


def render_refused(
    language: Language, counts: Sequence[tuple[str, int]], reason: str, delivery_id: int
) -> str:
    """Return the line about refused webhook calls; `counts`: by source, `delivery_id`: the last call."""
    count = sum(number for _, number in counts)
    sources = ", ".join(f"{source}: {number}" for source, number in counts)
    values = {
        "count": count,
        "calls": _calls(language, count),
        "sources": _cut(sources, _MAX_SOURCES_LENGTH),
        "reason": _cut(mask_phones(translate_reason(language, reason)).rstrip(".") or "?", MAX_REASON_LENGTH),
        "delivery": delivery_id,
    }
    return _render(language, "refused", values)


def join_lines(language: Language, lines: Sequence[str]) -> str:
    """Join lines into one message; lines for which there is no room are replaced with their count."""
    shown = [*lines[:MAX_LINES]]
    while sum(map(len, shown)) > MAX_TEXT_LENGTH:
        shown.pop()
    if len(lines) > len(shown):
        shown.append(_texts(language)["more"].format(count=len(lines) - len(shown)))
    return "\n".join(shown)


def _render(language: Language, template: str, values: Mapping[str, object]) -> str:
    return " ".join(mask_phones(_texts(language)[template].format(**values)).split())


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _calls(language: Language, count: int) -> str:
    if language == "en":
        return "call" if count == 1 else "calls"
    if count % 10 in {1, 2, 3, 4} and count % 100 not in {11, 12, 13, 14}:
        return "обращение" if count % 10 == 1 else "обращения"
    return "обращений"
