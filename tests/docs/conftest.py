"""A database with what the examples of the documentation are about."""

import asyncio
import shutil
from pathlib import Path

import pytest

from shared.database.engine import Database
from shared.database.models import WebhookDelivery
from shared.statuses import LeadStatus
from tests.support.rows import PERSON, add_account, add_lead, add_message

DRAFTS = (5, 6, 7)
REFUSED = 7


async def _fill(url: str) -> None:
    database = Database(url)
    account = await add_account(database)
    await add_lead(database, id=1, name="Анна", phone="+79991234567", phone_e164="+79991234567")
    for lead_id in (2, *DRAFTS):
        person = {"account_id": account, "telegram_user_id": PERSON + lead_id, "access_hash": 5}
        lead = await add_lead(
            database, id=lead_id, username=f"person_{lead_id}", status=LeadStatus.CONTACTED, **person
        )
        await add_message(database, lead, id=100 + lead_id)
        if lead_id in DRAFTS:
            await add_message(
                database, lead, id=lead_id, direction="out", kind="answer", state="draft", random_id=None
            )
    await add_lead(database, id=3, username="person_3", status=LeadStatus.FAILED, last_error="…")
    async with database.writing() as session:
        session.add(
            WebhookDelivery(
                id=REFUSED,
                source="tilda",
                content_type="application/x-www-form-urlencoded",
                body="Name=Anna&Phone=%2B79990001122",
                charset="utf-8",
                outcome="refused",
                error="no contact",
            )
        )
    await database.close()


@pytest.fixture(scope="session")
def filled_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with leads 1 to 3 and 5 to 7, drafts 5 to 7 and the refused delivery 7."""
    path = tmp_path_factory.mktemp("docs") / "filled.db"
    shutil.copy(sqlite_template, path)
    asyncio.run(_fill(f"sqlite:///{path}"))
    return path


@pytest.fixture
def filled_folder(filled_template: Path, tmp_path: Path) -> Path:
    """A folder with that database as `leads.db`."""
    shutil.copy(filled_template, tmp_path / "leads.db")
    return tmp_path
