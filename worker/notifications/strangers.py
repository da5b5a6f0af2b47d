"""The notice of a stranger who writes first (INBOUND_LEADS=notify): once a day for each person."""

from datetime import datetime, tzinfo

from sqlmodel.ext.asyncio.session import AsyncSession

from shared.translations import Language
from worker.domain.telegram_port import Incoming
from worker.notifications import notices, texts

_MAX_WORDS = 100


async def report(
    session: AsyncSession,
    account_id: int,
    message: Incoming,
    language: Language,
    *,
    zone: tzinfo,
    now: datetime,
) -> None:
    """Add the notice, unless the owner was told of this person today."""
    sender = message.sender
    username = next(iter(sender.usernames), None) if sender else None
    name = f"{sender.name if sender else ''} {f'@{username}' if username else ''}".strip()
    words = " ".join(message.text.split())
    text = texts.render_line(language, "stranger", name=name, words=_cut(words))
    key = f"stranger:{account_id}:{message.user_id}:{now.astimezone(zone):%Y-%m-%d}"
    await notices.add(session, key, text, now=now, account_id=account_id)


def _cut(words: str) -> str:
    return words if len(words) <= _MAX_WORDS else f"{words[: _MAX_WORDS - 1]}…"
