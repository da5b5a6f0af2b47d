"""What `python -m worker evaluate` can be asked for."""

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """What is asked of a run."""

    compare: str | None = None
    prompts: Path | None = None
    json: Path | None = None
    cache: Path | None = None
    limit: int | None = None
    attacks_only: bool = False
    least_f1: float = 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("--compare", metavar="MODEL", help="run another model too, side by side")
    parser.add_argument("--prompts", metavar="DIR", type=Path, help="run the prompts of a folder too")
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures there")
    parser.add_argument("--cache", metavar="FILE", type=Path, help="keep answers there, and reuse them")
    parser.add_argument("--limit", metavar="N", type=int, help="about so many cases, spread evenly")
    parser.add_argument("--attacks-only", action="store_true", help="leave the golden set out")
    parser.add_argument(
        "--least-f1", metavar="F", type=float, default=0.0, help="exit 1 below this macro F1 (for CI)"
    )


def options(given: argparse.Namespace) -> Options:
    """As parsed."""
    names = ("compare", "prompts", "json", "cache", "limit", "attacks_only", "least_f1")
    return Options(**{name: getattr(given, name) for name in names})
