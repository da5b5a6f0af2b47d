"""The server's answers to clients that break the protocol."""

import asyncio
import os
import struct
import time
from io import BytesIO

from pyrogram import raw
from pyrogram.crypto import mtproto
from pyrogram.raw.core import FutureSalts, GzipPacked, Message, MsgContainer

from sandbox.fake_telegram.mtproto.auth_keys import AuthKey
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Account


class Wire:
    """A client that sends exactly the given messages."""

    def __init__(self, telegram: Telegram, auth: AuthKey) -> None:
        self.telegram = telegram
        self.auth = auth
        self.session_id = os.urandom(8)

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection(self.telegram.host, self.telegram.port)
        self.writer.write(b"\xef")

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()

    def say(self, body: object, *, salt: int | None = None, msg_id: int | None = None) -> int:
        chosen = int(time.time() * 2**32) & ~0b11 if msg_id is None else msg_id
        message = Message(body, chosen, 1, len(body.write()))
        salt = self.auth.salt if salt is None else salt
        packet = mtproto.pack(message, salt, self.session_id, self.auth.key, self.auth.id)
        words = len(packet) // 4
        self.writer.write((bytes([words]) if words < 127 else b"\x7f" + words.to_bytes(3, "little")) + packet)
        return chosen

    async def frame(self) -> bytes:
        words = (await self.reader.readexactly(1))[0]
        if words == 0x7F:
            words = int.from_bytes(await self.reader.readexactly(3), "little")
        return await self.reader.readexactly(words * 4)

    async def hear(self) -> object:
        packet = BytesIO(await self.frame())
        return mtproto.unpack(packet, self.session_id, self.auth.key, self.auth.id).body


async def wired(telegram: Telegram, account: Account) -> Wire:
    wire = Wire(telegram, telegram.keys.issue(account.id))
    await wire.open()
    return wire


async def test_a_wrong_salt_is_corrected(telegram: Telegram, account: Account) -> None:
    wire = await wired(telegram, account)
    msg_id = wire.say(raw.functions.Ping(ping_id=1), salt=5)
    answer = await wire.hear()
    assert (answer.bad_msg_id, answer.new_server_salt) == (msg_id, wire.auth.salt)
    await wire.close()


async def test_containers_and_gzip_work_in_a_new_session(telegram: Telegram, account: Account) -> None:
    wire = await wired(telegram, account)
    now = int(time.time() * 2**32) & ~0b11
    ping = raw.functions.Ping(ping_id=7)
    call = GzipPacked(raw.functions.updates.GetState())
    inner = [Message(ping, now, 0, len(ping.write())), Message(call, now + 4, 1, len(call.write()))]
    wire.say(MsgContainer(inner), msg_id=now + 8)
    assert isinstance(await wire.hear(), raw.types.NewSessionCreated)
    assert (await wire.hear()).ping_id == 7
    assert (await wire.hear()).req_msg_id == now + 4
    await wire.close()


async def test_future_salts_are_returned(telegram: Telegram, account: Account) -> None:
    wire = await wired(telegram, account)
    wire.say(raw.functions.GetFutureSalts(num=1))
    await wire.hear()
    salts = await wire.hear()
    assert isinstance(salts, FutureSalts)
    assert salts.salts[0].salt == wire.auth.salt
    await wire.close()


async def test_bad_message_ids_are_refused(telegram: Telegram, account: Account) -> None:
    wire = await wired(telegram, account)
    now = int(time.time() * 2**32) & ~0b11
    wire.say(raw.functions.Ping(ping_id=1), msg_id=now)
    await wire.hear()
    await wire.hear()
    for msg_id, code in ((now + 1, 18), (now - (400 << 32), 16), (now + (60 << 32), 17)):
        wire.say(raw.functions.Ping(ping_id=1), msg_id=msg_id)
        assert (await wire.hear()).error_code == code
    await wire.close()


async def test_an_unknown_key_gets_an_error(telegram: Telegram) -> None:
    wire = Wire(telegram, AuthKey(os.urandom(256)))
    await wire.open()
    wire.say(raw.functions.Ping(ping_id=1))
    assert struct.unpack("<i", await wire.frame()) == (-404,)
    assert await wire.reader.read() == b""
    await wire.close()


async def test_a_missed_ping_closes_the_connection(telegram: Telegram, account: Account) -> None:
    wire = await wired(telegram, account)
    wire.say(raw.functions.PingDelayDisconnect(ping_id=1, disconnect_delay=0))
    try:
        while await wire.reader.read(100):
            pass
    except ConnectionResetError:
        pass
    await wire.close()


async def test_invalid_data_closes_the_connection(telegram: Telegram) -> None:
    reader, writer = await asyncio.open_connection(telegram.host, telegram.port)
    writer.write(b"\xef\x7f\xff\xff\xff")
    assert await reader.read() == b""
    writer.close()
    await writer.wait_closed()
