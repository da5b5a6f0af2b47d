"""A few days in the suite; `make month` simulates thirty."""

from pathlib import Path

from tests.simulation.run import run


async def test_a_few_days_exceed_no_limit_and_lose_no_lead(sqlite_url: str, tmp_path: Path) -> None:
    figures, table = await run(
        tmp_path, sqlite_url, days=2, leads=40, seed=7, report=print, outreach_warmup_days=2
    )
    print(table)
    assert figures.clean, figures
    assert sum(figures.statuses.values()) == 40
    assert figures.statuses["contacted"] + figures.statuses["scheduled"] > 12
    assert figures.answers
    assert max(figures.answers) < 120
