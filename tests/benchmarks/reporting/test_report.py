"""The report of a run: ratios by round, targets, and changes since an earlier run."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.harness.bench import BenchError
from benchmarks.reporting import report, results
from benchmarks.reporting.figures import Figure, Ratio, at_least, at_most

FACTS = {"commit": "abc"}


def run(rates: Sequence[float], latency: float = 12) -> dict[str, Sequence[Figure]]:
    return {
        "intake": [
            Figure("pgbench", "/s", [1000, 4000, 2000]),
            Figure("rate", "/s", rates, ratios=[Ratio("pgbench", at_least(0.25))]),
            Figure("p99", "ms", [latency], at_most(15), note="at half the load"),
        ]
    }


def test_ratio_is_computed_per_round_and_compared_with_its_target() -> None:
    text = report.table(run([300, 800, 600]))
    # Each round has another baseline, so the range shows that ratios are computed per round.
    assert "| 0.3 (0.2–0.3) of pgbench" in text
    assert "| ≥ 0.25 | met" in text
    assert "2 of 2 targets met." in text
    assert "- p99: at half the load" in text


def test_missed_targets_are_named() -> None:
    text = report.table(run([100, 400, 200], latency=20))
    assert "0 of 2 targets met." in text
    assert "- MISSED: intake: rate, 0.1 of pgbench (≥ 0.25 wanted)" in text
    assert "- MISSED: intake: p99, 20 ms (≤ 15 wanted)" in text


def test_missing_baseline_leaves_no_ratio() -> None:
    text = report.table({"intake": [Figure("rate", "/s", [1], ratios=[Ratio("pgbench", at_least(1))])]})
    assert "pgbench" not in text
    assert "0 of 0 targets met." in text


def test_change_within_the_ranges_is_marked_as_noise(tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    kept.write_text(results.as_json(run([300, 800, 600], latency=10), FACTS, {}))
    text = report.table(run([310, 900, 620], latency=15), results.read(kept))
    lines = text.splitlines()
    rate, p99 = (next(line for line in lines if line.startswith(f"| {name} ")) for name in ("rate", "p99"))
    ratio = lines[lines.index(rate) + 1]
    assert "+3 %, noise" in rate
    assert "noise" in ratio
    assert "+50 % " in p99


def test_file_that_is_no_run_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    for content in ("", "[]", '{"parts": {"intake": [{}]}}', '{"parts": []}'):
        kept.write_text(content)
        with pytest.raises(BenchError, match="is not what --json writes"):
            results.read(kept)
    with pytest.raises(BenchError, match="No such file"):
        results.read(tmp_path / "none.json")
