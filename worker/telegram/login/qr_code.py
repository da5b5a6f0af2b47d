"""Signs in by a QR code on the terminal, which the owner scans; it is replaced when it expires.

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

INSTRUCTIONS = "In the Telegram app of this account: Settings → Devices → Link Desktop Device, and scan:"
# White on black whatever the terminal's colours: not every camera reads an inverted code.
_COLOURS, _PLAIN = "\x1b[97;40m", "\x1b[0m"
MIN_WAIT_SECONDS = 1


async def sign_in_by_qr(client: pyrogram.Client) -> None:
    """Return when a code has been scanned; raises pyrogram's SessionPasswordNeeded and other errors."""
    print(INSTRUCTIONS)
    while True:
        answer = await export_token(client)
        if isinstance(answer, raw.types.auth.LoginTokenMigrateTo):
            await _switch_data_centre(client, answer.dc_id)
            answer = await client.invoke(raw.functions.auth.ImportLoginToken(token=answer.token))
        if isinstance(answer, raw.types.auth.LoginTokenSuccess):
            await client.storage.user_id(answer.authorization.user.id)
            await client.storage.is_bot(value=False)
            return
        print(render(login_url(answer.token)), flush=True)
        await _wait_for_scan(client, answer.expires - time.time())


def login_url(token: bytes) -> str:
    """Return the text of the code for a token."""
    return f"tg://login?token={base64.urlsafe_b64encode(token).decode().rstrip('=')}"


def render(text: str) -> str:
    """Render a QR code as lines of text."""
    output = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(output, border=2, compact=True)
    lines = output.getvalue().splitlines()
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        lines = [f"{_COLOURS}{line}{_PLAIN}" for line in lines]
    return "\n".join(lines)


async def export_token(client: pyrogram.Client) -> Any:
    """Return a token to show, or the result of the previous one."""
    return await client.invoke(
        raw.functions.auth.ExportLoginToken(api_id=client.api_id, api_hash=client.api_hash, except_ids=[])
    )


async def _wait_for_scan(client: pyrogram.Client, seconds: float) -> None:
    """Return when Telegram reports a scan, or after `seconds`, when the code expires.

    The report may be lost, so the caller asks for the result in both cases.
    """
    updates = client.dispatcher.updates_queue
    try:
        async with asyncio.timeout(max(seconds, MIN_WAIT_SECONDS)):
            while not isinstance((await updates.get())[0], raw.types.UpdateLoginToken):
                pass
    except TimeoutError:
        return


async def _switch_data_centre(client: pyrogram.Client, dc_id: int) -> None:
    """Connect to the account's own data centre with a new key, as Kurigram does for a login by phone."""
    data_centre = await client.get_dc_option(dc_id, ipv6=client.ipv6)
    await client.session.stop()
    client.session = await client.get_session(
        dc_id=dc_id,
        server_address=data_centre.ip_address,
        port=data_centre.port,
        export_authorization=False,
        temporary=True,
    )
    await client.storage.dc_id(dc_id)
    await client.storage.server_address(data_centre.ip_address)
    await client.storage.port(data_centre.port)
    await client.storage.auth_key(client.session.auth_key)
