"""Looking in on Telegram without taking anything from the worker: no updates, no state of the session."""

from worker.domain.telegram_port import SessionRevokedError
from worker.settings import TelegramSettings
from worker.telegram.client import signed_in_user
from worker.telegram.errors import SIGN_IN
from worker.telegram.login.login import EndedError, connect, finished, name_of
from worker.telegram.login.qr_code import export_token


async def check_app(settings: TelegramSettings) -> None:
    """Whether Telegram is there and knows the app's id and hash; raises LoginError with the reason.

    It checks the hash only when somebody signs in: so a code is asked for that nobody will scan.
    """
    client, _ = await connect(settings, in_memory=True)
    async with finished(client):
        await export_token(client)


async def visit(settings: TelegramSettings) -> str:
    """Who is signed in. Only for a session that no worker uses.

    Raises LoginError, or SessionEndedError with what to do.
    """
    signed_in_user(settings)
    try:
        client, _ = await connect(settings, no_updates=True)
    except EndedError:
        raise SessionRevokedError(f"Telegram has ended this session; {SIGN_IN}") from None
    async with finished(client):
        return await name_of(client)
