"""Short runs of the benchmarks."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.conftest import ROOT
from tests.support.waiting import patience_seconds


def measure(folder: Path, *parts: str) -> dict[str, dict[str, Any]]:
    """Run some parts briefly; returns their figures by name."""
    kept = folder / "run.json"
    command = [sys.executable, "-m", "benchmarks", *parts, "--smoke", "--database", "postgresql"]
    done = subprocess.run(
        [*command, "--json", kept],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=patience_seconds(150),
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    assert "targets met." in done.stdout
    found: dict[str, list[dict[str, Any]]] = json.loads(kept.read_text())["parts"]
    assert list(found) == list(parts)
    return {one["name"]: one for figures in found.values() for one in figures}


def test_intake_is_measured_against_both_baselines(tmp_path: Path) -> None:
    figures = measure(tmp_path, "intake")
    for endpoint in ("POST /leads", "Tilda webhook"):
        measured = figures[f"{endpoint}, 16 connections"]
        assert min(measured["samples"]) > 0
        assert {one["to"].rpartition(", ")[2] for one in measured["ratios"]} == {"pgbench", "SQLModel"}


def test_conversations_are_measured(tmp_path: Path) -> None:
    figures = measure(tmp_path, "conversations")
    for name in ("greeted, one worker", "replies answered, one worker"):
        assert min(figures[name]["samples"]) > 0


def test_queries_are_compared_and_their_plans_written(tmp_path: Path) -> None:
    kept, plans = tmp_path / "run.json", tmp_path / "plans.json"
    command = [sys.executable, "-m", "benchmarks", "scale", "--smoke", "--json", kept, "--plans", plans]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=patience_seconds(150), check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    figures = json.loads(kept.read_text())["parts"]["scale"]
    found = json.loads(plans.read_text())
    assert len(figures) == 2 * len(found["1000 leads"]) == 2 * len(found["3000 leads"])
    assert sum(len(figure["ratios"]) for figure in figures) == len(found["3000 leads"])
    assert all(plan for queries in found.values() for plan in queries.values())


def test_unknown_part_is_named() -> None:
    command = [sys.executable, "-m", "benchmarks", "nothing"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=patience_seconds(), check=False
    )
    assert done.returncode == 2
    assert "nothing" in done.stderr
    assert "intake" in done.stderr
