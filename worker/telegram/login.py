"""Signing the account in on a terminal: phone, Telegram's code, and the 2FA password if there is one."""

import asyncio
import sqlite3

import pyrogram
from pyrogram import errors

from shared.errors import LeadAssistantError
from worker.settings import TelegramSettings
from worker.telegram.client import abandon, build_client
from worker.telegram.session import START_SECONDS
from worker.telegram.terminal import ask

MOST_TRIES = 3
CANCELLED = "cancelled; nothing was signed in"


class LoginError(LeadAssistantError):
    """The account was not signed in; the text says why and what to do."""


class _EndedError(Exception):
    """The session in the file is dead."""


async def login(settings: TelegramSettings) -> str:
    """Ask on the terminal and write the session file (mode 0600); gives who is signed in.

    Raises LoginError, or ConfigError for an unusable proxy or server key.
    """
    settings.telegram_session_dir.mkdir(parents=True, exist_ok=True)
    try:
        client, signed_in = await _connect(settings)
    except _EndedError:
        print("The session that was here has ended: signing in anew.")
        settings.session_file.unlink()
        client, signed_in = await _connect(settings)
    try:
        if not signed_in:
            await _sign_in(client)
        me = await client.get_me()
        await client.storage.save()
    except errors.RPCError as error:
        raise LoginError(f"Telegram refused: {error.ID or error}") from None
    finally:
        await abandon(client)
    return f"@{me.username}" if me.username else str(me.first_name)


async def _connect(settings: TelegramSettings) -> tuple[pyrogram.Client, bool]:
    """A connected client, and whether it is signed in; raises _EndedError if it no longer is."""
    limit = asyncio.timeout(START_SECONDS)
    unknown_key = asyncio.Event()

    def on_unknown_key() -> None:
        unknown_key.set()
        limit.reschedule(0)

    client = build_client(settings, on_unknown_key)
    try:
        async with limit:
            signed_in = await client.connect()
            settings.session_file.chmod(0o600)
            if signed_in:
                await client.get_me()
    except BaseException as error:  # noqa: BLE001 - it is raised again, in the operator's words
        await abandon(client)
        if unknown_key.is_set():
            raise _EndedError from None
        raise _explain(error, settings) from None
    return client, bool(signed_in)


def _explain(error: BaseException, settings: TelegramSettings) -> BaseException:
    match error:
        case errors.Unauthorized() | errors.AuthKeyDuplicated():
            return _EndedError()
        case sqlite3.OperationalError():
            return LoginError(f"{settings.session_file} is in use: stop the worker first")
        case sqlite3.DatabaseError():
            return LoginError(f"{settings.session_file} is no session file: move it away")
        case OSError() | errors.RPCError():
            return LoginError(f"Telegram cannot be reached ({type(error).__name__}); see TELEGRAM_PROXY")
        case asyncio.CancelledError():
            return LoginError(CANCELLED)
        case _:
            return error


async def _sign_in(client: pyrogram.Client) -> None:
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
