"""Records the states of a lead until it has a status."""

from typing import Any

from tests.support.running_product import RunningProduct
from tests.support.waiting import until

Row = dict[str, Any]


def watch(product: RunningProduct, lead: int, status: str) -> list[Row]:
    """Poll a lead until it has `status`; returns every state that was seen."""
    seen: list[Row] = []

    def arrived() -> bool:
        seen.append(product.get_lead(lead))
        return bool(seen[-1]["status"] == status)

    until(arrived, f"lead {lead} becomes {status}")
    return seen


def attempts(seen: list[Row]) -> set[int]:
    """The numbers of failed attempts that were seen."""
    return {lead["attempts"] for lead in seen}
