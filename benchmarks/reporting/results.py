"""Writes a run as JSON, and reads an earlier run to compare with."""

import json
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil

from benchmarks.harness.bench import BenchError
from benchmarks.reporting.figures import Figure, compare

ROOT = Path(__file__).parents[2]
PACKAGES = ("fastapi", "uvicorn", "sqlalchemy", "sqlmodel", "psycopg", "pydantic", "kurigram", "openai")

Run = Mapping[str, Sequence[Figure]]


@dataclass(frozen=True)
class Spread:
    """The median and the range of a figure or a ratio."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, samples: Sequence[float], median: float) -> "Spread":
        """Return the spread of samples."""
        return cls(median, min(samples), max(samples))

    def overlaps(self, other: "Spread") -> bool:
        """Return True if the ranges overlap: then the difference may be chance."""
        return self.least <= other.most and other.least <= self.most


def machine() -> dict[str, Any]:
    """Return facts of this machine, on which all figures except ratios depend."""
    return {
        "cores": psutil.cpu_count(),
        "processor": _processor(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "load_before": round(psutil.getloadavg()[0], 2),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
        "commit": _commit(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def as_json(run: Run, facts: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """Return a whole run as JSON."""
    parts = {name: [_figure(one, figures) for one in figures] for name, figures in run.items()}
    return json.dumps({**facts, "options": options, "parts": parts}, ensure_ascii=False, indent=1) + "\n"


def read(path: Path) -> dict[tuple[str, ...], Spread]:
    """Return the spreads of an earlier run, by (part, figure) or (part, figure, figure of the ratio).

    Raises BenchError if the file cannot be read or was not written by --json.
    """
    found: dict[tuple[str, ...], Spread] = {}
    try:
        for part, figures in json.loads(path.read_text(encoding="utf-8"))["parts"].items():
            for figure in figures:
                found[part, figure["name"]] = _spread(figure)
                for ratio in figure["ratios"]:
                    found[part, figure["name"], ratio["to"]] = _spread(ratio)
    except OSError as error:
        raise BenchError(f"{path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BenchError(f"{path}: is not what --json writes") from None
    return found


def _spread(entry: Mapping[str, Any]) -> Spread:
    return Spread.of([float(one) for one in entry["samples"]], float(entry["median"]))


def _figure(figure: Figure, figures: Sequence[Figure]) -> dict[str, Any]:
    ratios = [
        {"to": one.to, "median": one.median, "samples": list(one.samples), **_target(one)}
        for one in compare(figure, figures)
    ]
    own = {"name": figure.name, "unit": figure.unit, "median": figure.median, "samples": list(figure.samples)}
    return {**own, **_target(figure), "ratios": ratios, "note": figure.note}


def _target(one: Any) -> dict[str, Any]:  # noqa: ANN401 - a Figure or a RatioResult
    if one.target is None:
        return {}
    return {"target": f"{one.target.kind} {one.target.limit:g}", "met": one.target.met(one.median)}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _commit() -> str:
    """Return the commit, with + if files are changed; empty outside a repository."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()
