"""Every outcome of a delivery is stored, returned, and accepted as a filter."""

from typing import get_args

import httpx2
import pytest
from sqlalchemy import insert

from shared.database.engine import Database
from shared.database.models import DELIVERIES
from shared.statuses import DeliveryOutcome


@pytest.mark.parametrize("outcome", get_args(DeliveryOutcome))
async def test_an_outcome(client: httpx2.AsyncClient, database: Database, outcome: str) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(insert(DELIVERIES).values(source="tilda", body="", outcome=outcome))
    answer = await client.get("/deliveries", params={"outcome": outcome})
    assert [item["outcome"] for item in answer.json()["items"]] == [outcome]
