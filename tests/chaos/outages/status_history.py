"""What a lead goes through on its way to a status."""

from typing import Any

from tests.support.running_product import RunningProduct, until

Row = dict[str, Any]


def watch(house: RunningProduct, lead: int, status: str) -> list[Row]:
    """The lead as it was at each look until it had `status`."""
    seen: list[Row] = []

    def arrived() -> bool:
        seen.append(house.lead(lead))
        return bool(seen[-1]["status"] == status)

    until(arrived, f"lead {lead} becomes {status}")
    return seen


def attempts(seen: list[Row]) -> set[int]:
    """With how many failed tries it was charged meanwhile."""
    return {lead["attempts"] for lead in seen}
