"""The doctor's findings, and their output as text lines or as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from shared.logging_setup import mask_credentials

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


def passed(name: str, result: str) -> Finding:
    """A check that passed."""
    return Finding(name, is_well=True, said=result)


def failed(name: str, problem: str, remedy: str | None = None) -> Finding:
    """A check that failed; `remedy`: how to fix it."""
    return Finding(name, is_well=False, said=problem, remedy=remedy)


def skipped(name: str, first: str) -> Finding:
    """A check that was not made, because `first` has to be fixed before it."""
    return Finding(name, is_well=None, said=f"not checked: fix {first} first")


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


def as_text(findings: Sequence[Finding], *, colours: bool) -> str:
    """Return one line per finding, and a second line with its remedy."""
    masked = map(_masked, findings)
    return "\n".join(line for finding in masked for line in _lines(finding, colours=colours))


def _masked(finding: Finding) -> Finding:
    """Return a finding without the passwords in its addresses."""
    remedy = mask_credentials(finding.remedy) if finding.remedy else finding.remedy
    return replace(finding, said=mask_credentials(finding.said), remedy=remedy)


def _lines(finding: Finding, *, colours: bool) -> list[str]:
    label, colour = {True: ("ok", GREEN), False: ("FAIL", RED), None: ("-", GREY)}[finding.is_well]
    mark = f"{colour}{label:<4}{PLAIN}" if colours else f"{label:<4}"
    lines = [f"{mark}  {finding.name:<{NAME_WIDTH}} {finding.said}"]
    if finding.remedy:
        lines.append(f"{'':<{NAME_WIDTH + 7}}→ {finding.remedy}")
    return lines
