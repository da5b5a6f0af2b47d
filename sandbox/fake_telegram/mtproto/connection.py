"""One TCP connection of a client: decrypts its messages, and numbers and encrypts the answers."""

import asyncio
import contextlib
import logging
from typing import Protocol

from pyrogram import raw
from pyrogram.raw.core import FutureSalt, FutureSalts, MsgContainer, TLObject
from pyrogram.raw.core.primitives import Int, Long

from sandbox.fake_telegram.mtproto.auth_keys import AuthKey, AuthKeys
from sandbox.fake_telegram.mtproto.envelope import Opened, open_packet, pack_message, seal
from sandbox.fake_telegram.mtproto.frames import Frames, detect
from sandbox.fake_telegram.mtproto.handshake import Handshake, HandshakeError
from sandbox.fake_telegram.mtproto.keys import ServerKey

log = logging.getLogger(__name__)

KEY_UNKNOWN = 404
BAD_SALT = 48
MSG_ID_TOO_LOW, MSG_ID_TOO_HIGH, MSG_ID_ODD = 16, 17, 18
PAST_SECONDS, FUTURE_SECONDS = 300, 30
SALT_SECONDS = 3600
NOT_CALLS = (raw.types.MsgsAck, raw.types.HttpWait, raw.types.MsgsStateReq)


class Switchboard(Protocol):
    """The part of the server that a link uses."""

    key: ServerKey
    keys: AuthKeys

    def on_join(self, link: "Link") -> None: ...

    def on_call(self, link: "Link", msg_id: int, query: TLObject) -> None: ...

    def next_msg_id(self, residue: int) -> int: ...

    def wire_time(self) -> float: ...


class Link:
    """One connection. `silent` keeps it open but sends nothing more."""

    def __init__(
        self, server: Switchboard, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._frames: Frames | None = None
        self._handshake = Handshake(server.key)
        self._content_sent = 0
        self._disconnect_timer: asyncio.TimerHandle | None = None
        self.auth: AuthKey | None = None
        self.session_id = b""
        self.wants_updates = False
        self.silent = False

    async def run(self) -> None:
        """Serve the client until either side disconnects."""
        try:
            self._frames = await detect(self._reader)
            while True:
                self._receive(await self._frames.read())
        except (EOFError, OSError, ValueError, HandshakeError) as end:
            log.debug("a link ends: %r", end)
        finally:
            await self._close()

    def disconnect(self) -> None:
        """Drop the connection, as a broken network would."""
        self._writer.transport.abort()

    def push(self, body: bytes) -> None:
        """Send the client an update."""
        self._say(body, residue=3, content=True)

    def answer(self, msg_id: int, result: bytes) -> None:
        """Answer one call with an encoded result or rpc_error."""
        head = Int(raw.types.RpcResult.ID, False) + Long(msg_id)
        self._say(head + result, residue=1, content=True)

    def reject(self, msg_id: int, code: int) -> None:
        """Answer that a message was not accepted; code 48 with the right salt."""
        bad = {"bad_msg_id": msg_id, "bad_msg_seqno": 0, "error_code": code}
        if code == BAD_SALT:
            self._tell(raw.types.BadServerSalt(**bad, new_server_salt=self._known().salt))
        else:
            self._tell(raw.types.BadMsgNotification(**bad))

    def _receive(self, packet: bytes) -> None:
        key_id = packet[:8]
        if key_id == bytes(8):
            self._exchange_keys(packet)
            return
        auth = self._server.keys.get(key_id)
        if auth is None:
            self._write((-KEY_UNKNOWN).to_bytes(4, "little", signed=True))
            raise ValueError("an unknown auth key")
        opened = open_packet(packet, auth.key)
        self._join(auth, opened)
        if not self._reject_envelope(opened):
            self._handle(opened.msg_id, opened.body)

    def _exchange_keys(self, packet: bytes) -> None:
        self._write(self._handshake.answer(packet))
        if self._handshake.auth_key is not None:
            self._server.keys.add(self._handshake.auth_key)

    def _join(self, auth: AuthKey, opened: Opened) -> None:
        if self.auth is auth and self.session_id == opened.session_id:
            return
        self.auth, self.session_id = auth, opened.session_id
        self._server.on_join(self)
        if opened.salt == auth.salt:
            self._greet(opened.msg_id)

    def _greet(self, msg_id: int) -> None:
        auth = self._known()
        news = raw.types.NewSessionCreated(
            first_msg_id=msg_id,
            unique_id=int.from_bytes(self.session_id, "little", signed=True),
            server_salt=auth.salt,
        )
        self.push(news.write())

    def _reject_envelope(self, opened: Opened) -> bool:
        """Answer a message with a wrong envelope, as the real server does."""
        auth = self._known()
        if opened.salt != auth.salt:
            self.reject(opened.msg_id, BAD_SALT)
            return True
        if code := _bad_msg_id(opened.msg_id, self._server.wire_time()):
            self.reject(opened.msg_id, code)
            return True
        return False

    def _handle(self, msg_id: int, body: TLObject) -> None:
        if isinstance(body, MsgContainer):
            for message in body.messages:
                self._handle(message.msg_id, message.body)
        elif isinstance(body, raw.functions.Ping | raw.functions.PingDelayDisconnect):
            self._pong(msg_id, body)
        elif isinstance(body, raw.functions.GetFutureSalts):
            self._future_salts(msg_id)
        elif not isinstance(body, NOT_CALLS):
            self._server.on_call(self, msg_id, body)

    def _pong(self, msg_id: int, ping: TLObject) -> None:
        self._tell(raw.types.Pong(msg_id=msg_id, ping_id=ping.ping_id))
        delay = getattr(ping, "disconnect_delay", None)
        if delay is not None:
            self._cancel_disconnect_timer()
            loop = asyncio.get_running_loop()
            self._disconnect_timer = loop.call_later(delay, self.disconnect)

    def _future_salts(self, msg_id: int) -> None:
        now = int(self._server.wire_time())
        salt = FutureSalt(now, now + SALT_SECONDS, self._known().salt)
        self._tell(FutureSalts(msg_id, now, [salt]))

    def _tell(self, body: TLObject) -> None:
        self._say(body.write(), residue=1, content=False)

    def _say(self, body: bytes, *, residue: int, content: bool) -> None:
        if self.silent or self.auth is None:
            return
        seq_no = self._content_sent * 2 + content
        self._content_sent += content
        message = pack_message(self._server.next_msg_id(residue), seq_no, body)
        auth = self.auth
        self._write(seal(auth.key, auth.id, auth.salt, self.session_id, message))

    def _write(self, packet: bytes) -> None:
        if self._frames is not None and not self._writer.is_closing():
            self._writer.write(self._frames.pack(packet))

    def _known(self) -> AuthKey:
        if self.auth is None:
            raise ValueError("this link has no auth key yet")
        return self.auth

    def _cancel_disconnect_timer(self) -> None:
        if self._disconnect_timer is not None:
            self._disconnect_timer.cancel()
            self._disconnect_timer = None

    async def _close(self) -> None:
        self._cancel_disconnect_timer()
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


def _bad_msg_id(msg_id: int, now: float) -> int:
    """Return the error code for a client's message id, 0 if it is valid."""
    ahead = msg_id / 2**32 - now
    if msg_id % 4:
        return MSG_ID_ODD
    if ahead > FUTURE_SECONDS:
        return MSG_ID_TOO_HIGH
    return MSG_ID_TOO_LOW if ahead < -PAST_SECONDS else 0
