"""The benches run: one part of them, as briefly as can be."""

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT


def test_a_short_run_measures_and_counts_what_it_has_stored(tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    command = [sys.executable, "-m", "benchmarks", "intake", "--smoke", "--database", "postgresql"]
    done = subprocess.run(
        [*command, "--json", kept], cwd=ROOT, capture_output=True, text=True, timeout=150, check=False
    )
    assert done.returncode == 0, done.stderr + done.stdout
    figures = {one["name"]: one for one in json.loads(kept.read_text())["parts"]["intake"]}
    for door in ("POST /leads", "Tilda webhook"):
        measured = figures[f"{door}, 16 connections"]
        assert min(measured["samples"]) > 0
        assert {one["to"].rpartition(", ")[2] for one in measured["ratios"]} == {"pgbench", "SQLModel"}
    assert "targets met." in done.stdout


def test_a_part_that_is_not_there_is_named() -> None:
    command = [sys.executable, "-m", "benchmarks", "nothing"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "nothing" in done.stderr
    assert "intake" in done.stderr
