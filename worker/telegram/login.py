"""Signing the account in on a terminal: phone, Telegram's code, and the 2FA password if there is one."""

import asyncio
import getpass

import pyrogram
from pyrogram import errors

from shared.errors import LeadAssistantError
from worker.settings import TelegramSettings
from worker.telegram.session import START_SECONDS, build_client

MOST_TRIES = 3


class LoginError(LeadAssistantError):
    """The account was not signed in; the text says why and what to do."""


async def login(settings: TelegramSettings) -> str:
    """Ask on the terminal and write the session file (mode 0600); gives who is signed in.

    Raises LoginError, or ConfigError for an unusable proxy or server key.
    """
    settings.telegram_session_dir.mkdir(parents=True, exist_ok=True)
    client = build_client(settings, lambda: None)
    try:
        async with asyncio.timeout(START_SECONDS):
            signed_in = await client.connect()
    except (TimeoutError, OSError, errors.RPCError) as error:
        raise LoginError(f"Telegram cannot be reached ({type(error).__name__}); see TELEGRAM_PROXY") from None
    try:
        settings.session_file.chmod(0o600)
        if not signed_in:
            await _sign_in(client)
        me = await client.get_me()
        await client.storage.save()
    except errors.RPCError as error:
        raise LoginError(f"Telegram refused: {error.ID or error}") from None
    finally:
        await client.disconnect()
    return f"@{me.username}" if me.username else str(me.first_name)


async def _sign_in(client: pyrogram.Client) -> None:
    phone = await _ask("Phone of the account, with country code: ")
    try:
        sent = await client.send_phone_number_code(phone)
    except errors.PhoneNumberInvalid:
        raise LoginError("Telegram says this is no phone number: write it like +79991234567") from None
    print("Telegram has sent a code: look into the Telegram app on your other device, or for an SMS.")
    for left in reversed(range(MOST_TRIES)):
        try:
            await client.sign_in(phone, sent.phone_code_hash, await _ask("Code: "))
        except errors.SessionPasswordNeeded:
            await _give_password(client)
        except errors.PhoneCodeInvalid:
            if not left:
                raise LoginError("wrong code; start again for a new one") from None
            print("Wrong code.")
            continue
        except errors.PhoneCodeExpired:
            raise LoginError("the code has expired; start again for a new one") from None
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
    ask = getpass.getpass if secret else input
    try:
        return (await asyncio.to_thread(ask, question)).strip()
    except (EOFError, KeyboardInterrupt):
        raise LoginError("cancelled; nothing was signed in") from None
