"""What does not work now, as far as the database tells: workers, accounts, the model, waiting leads."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from shared.database.model_server_models import ModelServer
from shared.database.models import AccountHold, Lead, TelegramAccount, WebhookDelivery
from shared.leads import pauses

# A worker needs some seconds for a due lead, and the api for a delivery.
LATE = timedelta(minutes=10)


@dataclass(frozen=True)
class Check:
    """One check. `what` names its texts; `detail` is a stored reason; `at`: since or until when."""

    what: str
    is_well: bool
    subject: str = ""
    detail: str = ""
    at: datetime | None = None


async def run_checks(session: AsyncSession, now: datetime) -> Sequence[Check]:
    """Return the checks of accounts, holds, models, leads and deliveries."""
    accounts = (await session.exec(select(TelegramAccount).order_by(col(TelegramAccount.id)))).all()
    return [
        *_accounts(accounts, now),
        *await _holds(session, {each.id: each.display_name for each in accounts}, now),
        *await _models(session),
        *await _waiting(session, now),
        *await _deliveries(session, now),
    ]


def _accounts(accounts: Sequence[TelegramAccount], now: datetime) -> list[Check]:
    if not accounts:
        return [Check("no_account", is_well=False)]
    found = []
    for account in accounts:
        if account.state != "active":
            found.append(
                Check(f"account_{account.state}", False, account.display_name, account.state_reason or "")
            )
        elif account.held_until is None or account.held_until <= now:
            found.append(Check("no_worker", False, account.display_name, at=account.held_until))
        else:
            found.append(Check("account_works", True, account.display_name))
    return found


async def _holds(session: AsyncSession, names: dict[int, str], now: datetime) -> list[Check]:
    found = await session.exec(select(AccountHold).where(col(AccountHold.until) > now))
    return [Check("hold", False, names.get(hold.account_id, ""), hold.reason, hold.until) for hold in found]


async def _models(session: AsyncSession) -> list[Check]:
    found = (await session.exec(select(ModelServer).where(col(ModelServer.role).is_not(None)))).all()
    return [
        Check("model_out", False, server.model, server.out_reason or "", server.out_since)
        if server.out_since is not None
        else Check("model_works", True, server.model)
        for server in sorted(found, key=lambda each: each.role or "")
    ]


async def _waiting(session: AsyncSession, now: datetime) -> list[Check]:
    if await pauses.current(session) is not None:
        return []
    late = select(Lead.due_at).where(col(Lead.due_at) < now - LATE).order_by(col(Lead.due_at)).limit(1)
    oldest = (await session.exec(late)).first()
    return [Check("leads_wait", False, at=oldest)] if oldest else [Check("leads_in_time", True)]


async def _deliveries(session: AsyncSession, now: datetime) -> list[Check]:
    late = (
        select(WebhookDelivery.received_at)
        .where(col(WebhookDelivery.outcome) == "received", col(WebhookDelivery.received_at) < now - LATE)
        .order_by(col(WebhookDelivery.id))
        .limit(1)
    )
    oldest = (await session.exec(late)).first()
    return [Check("forms_wait", False, at=oldest)] if oldest else [Check("forms_in_time", True)]
