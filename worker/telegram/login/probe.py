"""Checks of Telegram for the doctor that take no updates and change no session state of the worker."""

from worker.domain.telegram_port import SessionRevokedError
from worker.settings import TelegramSettings
from worker.telegram.errors.texts import SIGN_IN
from worker.telegram.login.login import DeadSessionError, closing_client, connect, fetch_account_name
from worker.telegram.login.qr_code import export_token
from worker.telegram.session.client import read_signed_in_user


async def check_app(settings: TelegramSettings) -> float:
    """Check that Telegram answers and knows the app's id and hash; raises LoginError with the reason.

    Telegram checks the hash only at a sign-in. So this requests a QR code that is never shown.
    Returns by how many seconds the machine's clock is ahead of Telegram's.
    """
    client, _ = await connect(settings, in_memory=True)
    async with closing_client(client):
        await export_token(client)
        return client.clock.error


async def fetch_session_owner(settings: TelegramSettings) -> str:
    """Return the name of the signed-in account. Only for a session that no worker uses.

    Raises LoginError, or SessionRevokedError; its text tells what to do.
    """
    read_signed_in_user(settings)
    try:
        client, _ = await connect(settings, no_updates=True)
    except DeadSessionError:
        raise SessionRevokedError(f"Telegram has ended this session; {SIGN_IN}") from None
    async with closing_client(client):
        return await fetch_account_name(client)
