"""Command-line options of `python -m worker evaluate`."""

import argparse
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class Options:
    """The options of one evaluation run; add_arguments has a help text for each."""

    compare: str | None = None
    concurrency: int = 8
    prompts: Path | None = None
    json: Path | None = None
    cache: Path | None = None
    limit: int | None = None
    attacks_only: bool = False
    least_f1: float = 0.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options to the parser of the command."""
    parser.add_argument(
        "--compare",
        metavar="MODEL",
        help="also evaluate this model, side by side; `fallback`: the model of the second provider",
    )
    parser.add_argument(
        "--concurrency", metavar="N", type=_positive, default=8, help="calls at a time; 1 for a local server"
    )
    parser.add_argument(
        "--prompts", metavar="DIR", type=Path, help="also evaluate the prompts in this folder"
    )
    parser.add_argument("--json", metavar="FILE", type=Path, help="write all figures to this file")
    parser.add_argument(
        "--cache", metavar="FILE", type=Path, help="store answers in this file and reuse them in later runs"
    )
    parser.add_argument(
        "--limit", metavar="N", type=int, help="run about N cases, spread evenly over the whole set"
    )
    parser.add_argument("--attacks-only", action="store_true", help="run only the attacks")
    parser.add_argument(
        "--least-f1", metavar="F", type=float, default=0.0, help="exit 1 if the macro F1 is lower (for CI)"
    )


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 100:
        raise argparse.ArgumentTypeError("is no number from 1 to 100")
    return int(text)


def read_options(args: argparse.Namespace) -> Options:
    """Return the parsed arguments as Options; other entries of the namespace are ignored."""
    return Options(**{field.name: getattr(args, field.name) for field in fields(Options)})
