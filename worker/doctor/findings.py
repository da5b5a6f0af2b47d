"""The doctor's findings: lines in the owner's language, or JSON in English."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from shared.localized_messages import in_language, sentence
from shared.logging_setup import mask_credentials
from shared.translations import Language, say

GREEN, RED, GREY, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[90m", "\x1b[0m"
NAME_WIDTH = 15


@dataclass(frozen=True)
class Finding:
    """Also the JSON output of a check, so the field names are public.

    `is_well`: None if the check was skipped. `said`: the result. `remedy`: how to fix it.
    """

    name: str
    is_well: bool | None
    said: str
    remedy: str | None = None


def passed(name: str, result: str, **values: object) -> Finding:
    """A check that passed; `values` fill the gaps of the result."""
    return Finding(name, is_well=True, said=_said(result, values))


def failed(name: str, problem: str, remedy: str | None = None, **values: object) -> Finding:
    """A check that failed; `remedy`: how to fix it. `values` fill the gaps of the problem."""
    return Finding(name, is_well=False, said=_said(problem, values), remedy=remedy)


def skipped(name: str, first: str) -> Finding:
    """A check that was not made, because `first` has to be fixed before it."""
    return Finding(name, is_well=None, said=sentence("not checked: fix {first} first", first=first))


def _said(text: str, values: Mapping[str, object]) -> str:
    return sentence(text, **values) if values else text


def all_passed(findings: Sequence[Finding]) -> bool:
    """Return True if every check was made and passed."""
    return all(finding.is_well for finding in findings)


def as_json(findings: Sequence[Finding]) -> str:
    """Return `{"ok": bool, "checks": [...]}`; a check's `is_well` is true, false or null (skipped)."""
    return json.dumps(
        {"ok": all_passed(findings), "checks": [asdict(_masked(finding)) for finding in findings]},
        ensure_ascii=False,
        indent=2,
    )


def as_text(findings: Sequence[Finding], language: Language = "en", *, colours: bool) -> str:
    """Return one line per finding, and a second line with its remedy, in the owner's language."""
    shown = [_masked(translated(finding, language)) for finding in findings]
    width = max(NAME_WIDTH, *(len(finding.name) for finding in shown))
    labels = {True: say(language, "ok"), False: say(language, "FAIL"), None: "-"}
    return "\n".join(
        line for finding in shown for line in _lines(finding, labels[finding.is_well], width, colours=colours)
    )


def translated(finding: Finding, language: Language) -> Finding:
    """Return a finding with its name, result and remedy in the owner's language."""
    remedy = in_language(language, finding.remedy) if finding.remedy else finding.remedy
    name, said = say(language, finding.name), in_language(language, finding.said)
    return replace(finding, name=name, said=said, remedy=remedy)


def _masked(finding: Finding) -> Finding:
    """Return a finding without the passwords in its addresses."""
    remedy = mask_credentials(finding.remedy) if finding.remedy else finding.remedy
    return replace(finding, said=mask_credentials(finding.said), remedy=remedy)


def _lines(finding: Finding, label: str, width: int, *, colours: bool) -> list[str]:
    colour = {True: GREEN, False: RED, None: GREY}[finding.is_well]
    mark = f"{colour}{label:<4}{PLAIN}" if colours else f"{label:<4}"
    lines = [f"{mark}  {finding.name:<{width}} {finding.said}"]
    if finding.remedy:
        lines.append(f"{'':<{width + 7}}→ {finding.remedy}")
    return lines
