"""Signs an account in on a terminal: by phone and code or by QR code, with the two-step password."""

import asyncio
import os
import sqlite3
import struct
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pyrogram
from pyrogram import errors

from shared.errors import LeadAssistantError
from shared.localized_messages import sentence
from worker.settings import TelegramSettings
from worker.telegram.login.qr_code import sign_in_by_qr
from worker.telegram.login.terminal import ask
from worker.telegram.session.client import build_client, connection_problem, shut_down
from worker.telegram.session.timeouts import START_SECONDS
from worker.telegram.transport.worker_client import WorkerClient

MAX_TRIES = 3
WRONG_APP = "TELEGRAM_API_ID and TELEGRAM_API_HASH do not belong together: see my.telegram.org"
_NOT_REACHED = "Telegram cannot be reached ({error}); see TELEGRAM_PROXY"
CANCELLED = "cancelled; nothing was signed in"


class LoginError(LeadAssistantError):
    """The account was not signed in; the text tells why, and what to do."""


class DeadSessionError(Exception):
    """Telegram has ended the session in the file."""


async def login(settings: TelegramSettings, *, by_qr: bool = False) -> str:
    """Ask on the terminal, and write the session file (mode 0600); returns the account's name.

    Raises LoginError, or ConfigError for an unusable proxy or server key.
    """
    if settings.telegram_session_string:
        raise LoginError("TELEGRAM_SESSION_STRING is set, and no file is used: renew it with login --string")
    _check_folder(settings)
    # Protects the file before its mode is set, and SQLite's journal file.
    os.umask(0o077)
    try:
        client, signed_in = await connect(settings)
    except DeadSessionError:
        print("The session that was here has ended: signing in again.")
        settings.session_file.unlink()
        client, signed_in = await connect(settings)
    async with closing_client(client):
        if not signed_in:
            await _sign_in(client, by_qr=by_qr)
        name = await fetch_account_name(client)
        await client.storage.save()
    return name


def _check_folder(settings: TelegramSettings) -> None:
    """Create the folder of the session, and a file in it. Raises LoginError if that is not possible."""
    folder = settings.telegram_session_dir
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        if settings.session_file.exists():
            settings.session_file.open("r+b").close()
    except OSError as error:
        text = (
            "TELEGRAM_SESSION_DIR: cannot write {path} ({why}): choose a folder that this user may write to"
        )
        path = str(error.filename or folder.absolute())
        raise LoginError(sentence(text, path=path, why=error.strerror)) from None


async def login_for_string(settings: TelegramSettings, *, by_qr: bool = False) -> tuple[str, str]:
    """Sign in to a session in memory; returns the account's name, and the session string."""
    client, _ = await connect(settings, in_memory=True)
    async with closing_client(client):
        await _sign_in(client, by_qr=by_qr)
        return await fetch_account_name(client), str(await client.export_session_string())


@asynccontextmanager
async def closing_client(client: pyrogram.Client) -> AsyncIterator[None]:
    """Shut the client down at the end; errors of Telegram and the network become LoginError."""
    try:
        yield
    except errors.ApiIdInvalid:
        raise LoginError(WRONG_APP) from None
    except errors.FloodWait as error:
        raise LoginError(
            sentence("Telegram asks to wait {seconds} s before the next login", seconds=error.value)
        ) from None
    except errors.RPCError as error:
        raise LoginError(f"Telegram refused: {error.ID or error}") from None
    except (TimeoutError, OSError) as error:
        silent = sentence("Telegram has stopped answering ({error})", error=type(error).__name__)
        why = connection_problem(client) or silent
        raise LoginError(why) from None
    except asyncio.CancelledError:
        raise LoginError(CANCELLED) from None
    finally:
        await shut_down(client)


async def fetch_account_name(client: pyrogram.Client) -> str:
    """Return the username or first name of the signed-in account."""
    me = await client.get_me()
    return f"@{me.username}" if me.username else str(me.first_name)


async def connect(
    settings: TelegramSettings, *, in_memory: bool = False, no_updates: bool = False
) -> tuple[WorkerClient, bool]:
    """Return a connected client, and True if it is signed in.

    Raises DeadSessionError if Telegram has ended its session, or LoginError.
    """
    limit = asyncio.timeout(START_SECONDS)
    unknown_key = asyncio.Event()

    def on_unknown_key() -> None:
        unknown_key.set()
        limit.reschedule(0)

    client = build_client(
        settings, on_unknown_key, lambda: limit.reschedule(0), in_memory=in_memory, no_updates=no_updates
    )
    try:
        async with limit:
            signed_in = await client.connect()
            if not in_memory and settings.locked_file:
                settings.session_file.chmod(0o600)
            if signed_in:
                await client.get_me()
    except BaseException as error:  # noqa: BLE001 - it is raised again as a LoginError
        await shut_down(client)
        if unknown_key.is_set():
            raise DeadSessionError from None
        raise _login_error(error, settings, connection_problem(client)) from None
    return client, bool(signed_in)


def _login_error(error: BaseException, settings: TelegramSettings, problem: str | None) -> BaseException:
    match error:
        case errors.Unauthorized() | errors.AuthKeyDuplicated():
            return DeadSessionError()
        case sqlite3.OperationalError():
            return LoginError(
                sentence("{path} is in use: stop the worker first", path=str(settings.session_file))
            )
        case sqlite3.DatabaseError():
            return LoginError(
                sentence("{path} is no session file: move it away", path=str(settings.session_file))
            )
        case OSError() | errors.RPCError():
            return LoginError(problem or sentence(_NOT_REACHED, error=type(error).__name__))
        case asyncio.CancelledError():
            return LoginError(CANCELLED)
        case KeyError() | ValueError() | IndexError() | AssertionError() | struct.error():
            return LoginError("what answers there is no Telegram; see TELEGRAM_PROXY and TELEGRAM_SERVER")
        case _:
            return error


async def _sign_in(client: pyrogram.Client, *, by_qr: bool) -> None:
    if not by_qr:
        await _sign_in_by_code(client)
        return
    try:
        await sign_in_by_qr(client)
    except errors.SessionPasswordNeeded:
        await _enter_password(client)


async def _sign_in_by_code(client: pyrogram.Client) -> None:
    phone = await _ask("Phone of the account, with country code: ")
    try:
        sent = await client.send_phone_number_code(phone)
    except errors.PhoneNumberInvalid:
        raise LoginError("Telegram says this is no phone number: write it like +79991234567") from None
    print("Telegram has sent a code: look into the Telegram app on your other device, or for an SMS.")
    for left in reversed(range(MAX_TRIES)):
        try:
            person = await client.sign_in(phone, sent.phone_code_hash, await _ask("Code: "))
        except errors.SessionPasswordNeeded:
            await _enter_password(client)
        except errors.PhoneCodeInvalid:
            if not left:
                raise LoginError("wrong code; start again for a new one") from None
            print("Wrong code.")
            continue
        except errors.PhoneCodeExpired:
            raise LoginError("the code has expired; start again for a new one") from None
        else:
            if not isinstance(person, pyrogram.types.User):
                raise LoginError("there is no Telegram account with this phone: sign up in the app first")
        return


async def _enter_password(client: pyrogram.Client) -> None:
    for left in reversed(range(MAX_TRIES)):
        try:
            await client.check_password(await _ask("Two-step verification password: ", secret=True))
        except errors.PasswordHashInvalid:
            if not left:
                raise LoginError("wrong password; start again") from None
            print("Wrong password.")
        else:
            return


async def _ask(question: str, *, secret: bool = False) -> str:
    try:
        return await ask(question, secret=secret)
    except (EOFError, asyncio.CancelledError):
        raise LoginError(CANCELLED) from None
