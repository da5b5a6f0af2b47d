"""Signing in by QR code: shown on the terminal, scanned with the Telegram app, drawn anew when it expires.

Source: https://core.telegram.org/api/qr-login
"""

import asyncio
import base64
import io
import os
import sys
import time
from typing import Any

import pyrogram
import segno
from pyrogram import raw

HOW = "In the Telegram app of this account: Settings → Devices → Link Desktop Device, and scan:"
# White on black whatever the terminal's colours: a code in reverse is not read by every camera.
_COLOURS, _PLAIN = "\x1b[97;40m", "\x1b[0m"
LEAST_SECONDS = 1


async def sign_in_by_qr(client: pyrogram.Client) -> None:
    """Return when somebody has scanned a code; raises pyrogram's SessionPasswordNeeded and other errors."""
    print(HOW)
    while True:
        answer = await export_token(client)
        if isinstance(answer, raw.types.auth.LoginTokenMigrateTo):
            await _move(client, answer.dc_id)
            answer = await client.invoke(raw.functions.auth.ImportLoginToken(token=answer.token))
        if isinstance(answer, raw.types.auth.LoginTokenSuccess):
            await client.storage.user_id(answer.authorization.user.id)
            await client.storage.is_bot(value=False)
            return
        print(draw(link(answer.token)), flush=True)
        await _scanned(client, answer.expires - time.time())


def link(token: bytes) -> str:
    """What the code says."""
    return f"tg://login?token={base64.urlsafe_b64encode(token).decode().rstrip('=')}"


def draw(text: str) -> str:
    """A QR code in lines of text."""
    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, border=2, compact=True)
    lines = drawn.getvalue().splitlines()
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        lines = [f"{_COLOURS}{line}{_PLAIN}" for line in lines]
    return "\n".join(lines)


async def export_token(client: pyrogram.Client) -> Any:
    """A token to show, or what has come of the last one."""
    return await client.invoke(
        raw.functions.auth.ExportLoginToken(api_id=client.api_id, api_hash=client.api_hash, except_ids=[])
    )


async def _scanned(client: pyrogram.Client, seconds: float) -> None:
    """Return when Telegram tells of a scan, or when the code is good no longer: it may tell of it unheard."""
    updates = client.dispatcher.updates_queue
    try:
        async with asyncio.timeout(max(seconds, LEAST_SECONDS)):
            while not isinstance((await updates.get())[0], raw.types.UpdateLoginToken):
                pass
    except TimeoutError:
        return


async def _move(client: pyrogram.Client, dc_id: int) -> None:
    """Go to the account's own data centre, with a key of its own, as Kurigram does for a phone."""
    there = await client.get_dc_option(dc_id, ipv6=client.ipv6)
    await client.session.stop()
    client.session = await client.get_session(
        dc_id=dc_id,
        server_address=there.ip_address,
        port=there.port,
        export_authorization=False,
        temporary=True,
    )
    await client.storage.dc_id(dc_id)
    await client.storage.server_address(there.ip_address)
    await client.storage.port(there.port)
    await client.storage.auth_key(client.session.auth_key)
