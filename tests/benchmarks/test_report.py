"""What a run says of itself: ratios by round, targets, and what has changed."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks import report, results
from benchmarks.bench_parts import BenchError
from benchmarks.figures import Figure, Ratio, at_least, at_most

FACTS = {"commit": "abc"}


def run(rates: Sequence[float], latency: float = 12) -> dict[str, Sequence[Figure]]:
    return {
        "intake": [
            Figure("pgbench", "/s", [1000, 4000, 2000]),
            Figure("rate", "/s", rates, ratios=[Ratio("pgbench", at_least(0.25))]),
            Figure("p99", "ms", [latency], at_most(15), note="at half the load"),
        ]
    }


def test_a_ratio_is_taken_round_by_round_and_held_against_its_target() -> None:
    told = report.table(run([300, 800, 600]))
    # The ratio of the medians would be 0.3 by chance here, too: each round is another.
    assert "| 0.3 (0.2–0.3) of pgbench" in told
    assert "| ≥ 0.25 | met" in told
    assert "2 of 2 targets met." in told
    assert "- p99: at half the load" in told


def test_what_is_missed_is_named() -> None:
    told = report.table(run([100, 400, 200], latency=20))
    assert "0 of 2 targets met." in told
    assert "- MISSED: intake: rate, 0.1 of pgbench (≥ 0.25 wanted)" in told
    assert "- MISSED: intake: p99, 20 ms (≤ 15 wanted)" in told


def test_a_baseline_that_was_not_measured_leaves_no_ratio() -> None:
    told = report.table({"intake": [Figure("rate", "/s", [1], ratios=[Ratio("pgbench", at_least(1))])]})
    assert "pgbench" not in told
    assert "0 of 0 targets met." in told


def test_a_change_is_told_from_noise(tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    kept.write_text(results.as_json(run([300, 800, 600], latency=10), FACTS, {}))
    told = report.table(run([310, 900, 620], latency=15), results.read(kept))
    lines = told.splitlines()
    rate, p99 = (next(line for line in lines if line.startswith(f"| {name} ")) for name in ("rate", "p99"))
    ratio = lines[lines.index(rate) + 1]
    assert "+3 %, noise" in rate
    assert "noise" in ratio
    assert "+50 % " in p99


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    kept = tmp_path / "run.json"
    for text in ("", "[]", '{"parts": {"intake": [{}]}}', '{"parts": []}'):
        kept.write_text(text)
        with pytest.raises(BenchError, match="is not what --json writes"):
            results.read(kept)
    with pytest.raises(BenchError, match="No such file"):
        results.read(tmp_path / "none.json")
