"""Signing the account in on a terminal: by phone and code or by QR code, and the 2FA password."""

import asyncio
import os
import sqlite3
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pyrogram
from pyrogram import errors

from shared.errors import LeadAssistantError
from worker.settings import TelegramSettings
from worker.telegram.client import abandon, build_client, unreachable
from worker.telegram.login.qr_code import sign_in_by_qr
from worker.telegram.login.terminal import ask
from worker.telegram.session import START_SECONDS

MOST_TRIES = 3
WRONG_APP = "TELEGRAM_API_ID and TELEGRAM_API_HASH do not belong together: see my.telegram.org"
CANCELLED = "cancelled; nothing was signed in"


class LoginError(LeadAssistantError):
    """The account was not signed in; the text says why and what to do."""


class EndedError(Exception):
    """The session in the file is dead."""


async def login(settings: TelegramSettings, *, by_qr: bool = False) -> str:
    """Ask on the terminal and write the session file (mode 0600); gives who is signed in.

    Raises LoginError, or ConfigError for an unusable proxy or server key.
    """
    if settings.telegram_session_string:
        raise LoginError("TELEGRAM_SESSION_STRING is set, and no file is used: renew it with login --string")
    settings.telegram_session_dir.mkdir(parents=True, exist_ok=True)
    # Also for the moment before the file's mode is set, and for SQLite's journal beside it.
    os.umask(0o077)
    try:
        client, signed_in = await connect(settings)
    except EndedError:
        print("The session that was here has ended: signing in anew.")
        settings.session_file.unlink()
        client, signed_in = await connect(settings)
    async with finished(client):
        if not signed_in:
            await _sign_in(client, by_qr=by_qr)
        who = await name_of(client)
        await client.storage.save()
    return who


async def login_for_string(settings: TelegramSettings, *, by_qr: bool = False) -> tuple[str, str]:
    """Sign in to a session that is written nowhere; gives who is signed in, and the session as a line."""
    client, _ = await connect(settings, in_memory=True)
    async with finished(client):
        await _sign_in(client, by_qr=by_qr)
        return await name_of(client), str(await client.export_session_string())


@asynccontextmanager
async def finished(client: pyrogram.Client) -> AsyncIterator[None]:
    """Telegram's refusals in the operator's words, and the connection closed."""
    try:
        yield
    except errors.ApiIdInvalid:
        raise LoginError(WRONG_APP) from None
    except errors.FloodWait as error:
        raise LoginError(f"Telegram asks to wait {error.value} s before the next login") from None
    except errors.RPCError as error:
        raise LoginError(f"Telegram refused: {error.ID or error}") from None
    except (TimeoutError, OSError) as error:
        why = unreachable(client) or f"Telegram has stopped answering ({type(error).__name__})"
        raise LoginError(why) from None
    except asyncio.CancelledError:
        raise LoginError(CANCELLED) from None
    finally:
        await abandon(client)


async def name_of(client: pyrogram.Client) -> str:
    """Who is signed in."""
    me = await client.get_me()
    return f"@{me.username}" if me.username else str(me.first_name)


async def connect(
    settings: TelegramSettings, *, in_memory: bool = False, no_updates: bool = False
) -> tuple[pyrogram.Client, bool]:
    """A connected client, and whether it is signed in; raises EndedError if it no longer is."""
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
    except BaseException as error:  # noqa: BLE001 - it is raised again, in the operator's words
        await abandon(client)
        if unknown_key.is_set():
            raise EndedError from None
        raise _explain(error, settings, unreachable(client)) from None
    return client, bool(signed_in)


def _explain(error: BaseException, settings: TelegramSettings, why: str | None) -> BaseException:
    match error:
        case errors.Unauthorized() | errors.AuthKeyDuplicated():
            return EndedError()
        case sqlite3.OperationalError():
            return LoginError(f"{settings.session_file} is in use: stop the worker first")
        case sqlite3.DatabaseError():
            return LoginError(f"{settings.session_file} is no session file: move it away")
        case OSError() | errors.RPCError():
            return LoginError(
                why or f"Telegram cannot be reached ({type(error).__name__}); see TELEGRAM_PROXY"
            )
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
        await _give_password(client)


async def _sign_in_by_code(client: pyrogram.Client) -> None:
    phone = await _ask("Phone of the account, with country code: ")
    try:
        sent = await client.send_phone_number_code(phone)
    except errors.PhoneNumberInvalid:
        raise LoginError("Telegram says this is no phone number: write it like +79991234567") from None
    print("Telegram has sent a code: look into the Telegram app on your other device, or for an SMS.")
    for left in reversed(range(MOST_TRIES)):
        try:
            person = await client.sign_in(phone, sent.phone_code_hash, await _ask("Code: "))
        except errors.SessionPasswordNeeded:
            await _give_password(client)
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


async def _give_password(client: pyrogram.Client) -> None:
    for left in reversed(range(MOST_TRIES)):
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
