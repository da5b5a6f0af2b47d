"""What the doctor found, and how it is told: lines for people, JSON for programs."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

GREEN, RED, GREY, PLAIN = "\x1b[32m", "\x1b[31m", "\x1b[90m", "\x1b[0m"
NAME_WIDTH = 15


@dataclass(frozen=True)
class Finding:
    """`is_well` is None for what could not be looked at; `remedy` is the way out."""

    name: str
    is_well: bool | None
    said: str
    remedy: str | None = None


def well(name: str, said: str) -> Finding:
    """Nothing to do."""
    return Finding(name, is_well=True, said=said)


def ill(name: str, said: str, remedy: str | None = None) -> Finding:
    """Something to mend."""
    return Finding(name, is_well=False, said=said, remedy=remedy)


def skipped(name: str, first: str) -> Finding:
    """Not looked at, because of something else that is to be mended first."""
    return Finding(name, is_well=None, said=f"not looked at: {first}")


def is_all_well(findings: Sequence[Finding]) -> bool:
    """Whether nothing at all is to be mended."""
    return all(finding.is_well for finding in findings)


def as_json(findings: Sequence[Finding]) -> str:
    """`ok` for all, and each check with `is_well` true, false or null."""
    return json.dumps(
        {"ok": is_all_well(findings), "checks": [asdict(finding) for finding in findings]},
        ensure_ascii=False,
        indent=2,
    )


def as_text(findings: Sequence[Finding], *, colours: bool) -> str:
    """One line each, and a second one with the way out."""
    return "\n".join(line for finding in findings for line in _lines(finding, colours=colours))


def _lines(finding: Finding, *, colours: bool) -> list[str]:
    word, colour = {True: ("ok", GREEN), False: ("FAIL", RED), None: ("-", GREY)}[finding.is_well]
    mark = f"{colour}{word:<4}{PLAIN}" if colours else f"{word:<4}"
    lines = [f"{mark}  {finding.name:<{NAME_WIDTH}} {finding.said}"]
    if finding.remedy:
        lines.append(f"{'':<{NAME_WIDTH + 7}}→ {finding.remedy}")
    return lines
