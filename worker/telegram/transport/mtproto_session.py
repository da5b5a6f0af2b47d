"""Kurigram's MTProto session, with its own reading of packets, rejected messages, and pauses of reconnection.

Kurigram takes a rejection (bad_msg_notification) for the answer of a call, restarts without a pause after a
failure, and repeats a call with a rejected salt without end.
"""

import asyncio
import bisect
import logging
import os
import re
from io import BytesIO
from typing import Any

from pyrogram import errors, raw
from pyrogram.crypto import mtproto
from pyrogram.errors.exceptions.all import exceptions as known_errors
from pyrogram.raw.core import FutureSalts, Message, MsgContainer
from pyrogram.session import Session
from pyrogram.session.internals import MsgFactory
from pyrogram.session.session import Result

from shared.backoff import backoff
from worker.telegram.transport.server_clock import ServerClock

log = logging.getLogger(__name__)

# Codes of a rejection: the message's id is too low or too high, so the clock is wrong; or its number in the
# session is wrong.
ID_TOO_LOW, ID_TOO_HIGH = 16, 17
WRONG_NUMBERS = (32, 33, 34, 35)
# How often one call is sent again after a rejection.
MAX_REJECTIONS = 3
# Ids of received messages may be this far from Telegram's time: core.telegram.org/mtproto/security_guidelines
MAX_PAST_SECONDS, MAX_FUTURE_SECONDS = 300, 30
# After a link that lasted for less, the next one waits, for longer each time. In units of the first pause.
STABLE, LONGEST_PAUSE = 30, 30
_NUMBER = re.compile(r"_[0-9]+")


class MessageIds(MsgFactory):
    """Numbers messages by Telegram's time."""

    def rewind(self) -> None:
        """Allow ids below the latest one, after the clock was set back."""
        self._last_msg_id = 0


class WorkerSession(Session):
    """A session over one connection at a time, which it replaces after a failure.

    `client` is a worker_client.WorkerClient.
    """

    def __init__(self, client: Any, *arguments: Any, **options: Any) -> None:
        super().__init__(client, *arguments, **options)
        self.clock: ServerClock = client.clock
        self.msg_factory = MessageIds(client)
        self._stopped = asyncio.Event()
        self._restarting: asyncio.Task[Any] | None = None
        self._needs_new_session = False
        self._short_links = 0
        self._linked_at = float("-inf")
        # Telegram's time is taken once from each connection.
        self._is_synced = False

    # Sending.

    async def send(self, data: Any, wait_response: bool = True, timeout: float = Session.WAIT_TIMEOUT) -> Any:
        """Send a query, and return its answer; raises RPCError, or OSError if there is none."""
        for _ in range(MAX_REJECTIONS):
            answer = await self._send_once(data, wait_response, timeout)
            if isinstance(answer, raw.types.BadServerSalt):
                self.salt = answer.new_server_salt
            elif not isinstance(answer, raw.types.BadMsgNotification):
                return self._checked(answer, data)
            elif answer.error_code not in (ID_TOO_LOW, ID_TOO_HIGH):
                if answer.error_code in WRONG_NUMBERS:
                    self._needs_new_session = True
                    self.client.loop.create_task(self.restart())
                raise ConnectionError(f"Telegram rejected a message: code {answer.error_code}")
        raise ConnectionError(f"Telegram rejected a message {MAX_REJECTIONS} times")

    async def _send_once(self, data: Any, wait_response: bool, timeout: float) -> Any:
        message = await self.msg_factory.create(data)
        packet = mtproto.pack(message, self.salt, self.session_id, self.auth_key, self.auth_key_id)
        if not wait_response:
            await self.connection.send(packet)
            return None
        waiting = self.results[message.msg_id] = Result()
        try:
            await self.connection.send(packet)
            async with asyncio.timeout(timeout):
                await waiting.event.wait()
        finally:
            self.results.pop(message.msg_id, None)
        return waiting.value

    def _checked(self, answer: Any, data: Any) -> Any:
        """Return the answer; raises RPCError if it is one."""
        if not isinstance(answer, raw.types.RpcError):
            return answer
        query = data
        while isinstance(query, raw.functions.InvokeWithoutUpdates | raw.functions.InvokeWithTakeout):
            query = query.query
        error = rpc_error(answer, type(query))
        if isinstance(data, raw.functions.InvokeWithLayer):
            # Kurigram hides why a connection could not be set up, and tries again.
            self.client.on_start_problem(error)
        raise error

    # Receiving.

    async def handle_packet(self, packet: bytes) -> None:
        """Read one packet, and pass on its answers and updates."""
        try:
            data = mtproto.unpack(BytesIO(packet), self.session_id, self.auth_key, self.auth_key_id)
        except Exception as error:  # noqa: BLE001 - one packet that cannot be read must not end the link
            log.warning("a packet of Telegram could not be read: %r", error)
            self._count_ignored()
            return
        for message in data.body.messages if isinstance(data.body, MsgContainer) else [data]:
            self._receive(message)
        if len(self.pending_acks) >= self.ACKS_THRESHOLD:
            acknowledged = list(self.pending_acks)
            self.pending_acks.clear()
            try:
                await self.send(raw.types.MsgsAck(msg_ids=acknowledged), wait_response=False)
            except OSError:
                self.pending_acks.update(acknowledged)

    def _receive(self, message: Message) -> None:
        self._sync_clock(message)
        if message.seq_no % 2:
            self.pending_acks.add(message.msg_id)
        if not self._is_fresh(message.msg_id):
            self._count_ignored()
            return
        self.ignore_count = 0
        if len(self.stored_msg_ids) > self.STORED_MSG_IDS_MAX_SIZE:
            del self.stored_msg_ids[: self.STORED_MSG_IDS_MAX_SIZE // 2]
        bisect.insort(self.stored_msg_ids, message.msg_id)
        match message.body:
            case raw.types.MsgDetailedInfo() | raw.types.MsgNewDetailedInfo() as info:
                self.pending_acks.add(info.answer_msg_id)
            case raw.types.NewSessionCreated() as created:
                self.salt = created.server_salt
                # Telegram has forgotten this session, and with it the updates that were on their way.
                self.client.on_possible_gap()
            case raw.types.BadMsgNotification() | raw.types.BadServerSalt() as rejection:
                self._resolve(rejection.bad_msg_id, rejection)
            case FutureSalts() as salts:
                self._resolve(salts.req_msg_id, salts)
            case raw.types.RpcResult() as answer:
                self.client.on_answer(answer.result)
                self._resolve(answer.req_msg_id, answer.result)
            case raw.types.Pong() as pong:
                self._resolve(pong.msg_id, pong)
            case other:
                self.client.on_updates(other)

    def _resolve(self, msg_id: int, value: Any) -> None:
        if (waiting := self.results.get(msg_id)) is not None:
            waiting.value = value
            waiting.event.set()

    def _sync_clock(self, message: Message) -> None:
        body = message.body
        is_rejected = isinstance(body, raw.types.BadMsgNotification) and body.error_code in (
            ID_TOO_LOW,
            ID_TOO_HIGH,
        )
        if self._is_synced and not is_rejected:
            return
        self._is_synced = True
        self.clock.sync(message.msg_id)
        self.msg_factory.rewind()
        if is_rejected:
            # The ids so far are those of another time.
            self.stored_msg_ids.clear()

    def _is_fresh(self, msg_id: int) -> bool:
        """True if the message is neither a repetition nor far from Telegram's time."""
        if msg_id in self.recent_msg_ids:
            self.recent_msg_ids.remove(msg_id)
            return False
        if not self.stored_msg_ids:
            return True
        if msg_id < self.stored_msg_ids[0] or msg_id in self.stored_msg_ids:
            return False
        return -MAX_PAST_SECONDS <= msg_id / 2**32 - self.clock.now() <= MAX_FUTURE_SECONDS

    def _count_ignored(self) -> None:
        self.ignore_count += 1
        if self.ignore_count >= self.MAX_CONSECUTIVE_IGNORED:
            self.ignore_count = 0
            log.warning("%d packets in a row could not be used: reconnecting", self.MAX_CONSECUTIVE_IGNORED)
            self.client.loop.create_task(self.restart())

    # Connecting.

    async def start(self) -> None:
        """Connect; after a network error Kurigram calls `restart`."""
        self._is_synced = False
        await super().start()
        if self.is_started.is_set():
            self._linked_at = asyncio.get_running_loop().time()

    async def stop(self) -> None:
        """Disconnect for good."""
        self._stopped.set()
        restarting = self._restarting
        if restarting is not None and restarting is not asyncio.current_task():
            # It would open one more connection.
            restarting.cancel()
            await asyncio.gather(restarting, return_exceptions=True)
        await super().stop()

    async def restart(self) -> None:
        """Connect again: at once after a long connection, else after a growing pause."""
        if self._restarting is not None or self._stopped.is_set():
            return
        self._restarting = asyncio.current_task()
        try:
            await self._restart()
        except Exception as error:  # noqa: BLE001 - this is a task of its own: the error would not be seen
            self.client.on_start_problem(error)
        finally:
            self._restarting = None

    async def _restart(self) -> None:
        lasted = asyncio.get_running_loop().time() - self._linked_at if self.is_started.is_set() else 0.0
        self._short_links = 0 if lasted >= STABLE * self.client.reconnect_base else self._short_links + 1
        async with self.restart_lock:
            if self.stored_msg_ids:
                self.recent_msg_ids = self.stored_msg_ids[:30]
            await self._stop()
            if self._needs_new_session:
                self.session_id, self.msg_factory = os.urandom(8), MessageIds(self.client)
                self._needs_new_session = False
            await self._pause()
            if self._stopped.is_set():
                return
            await self.start()
            if self._stopped.is_set():
                await self._stop()

    async def _pause(self) -> None:
        # The first short link may be chance.
        if self._short_links <= 1:
            return
        base = self.client.reconnect_base
        pause = backoff(self._short_links - 1, base=base, maximum=LONGEST_PAUSE * base).total_seconds()
        try:
            async with asyncio.timeout(pause):
                await self._stopped.wait()
        except TimeoutError:
            return


def rpc_error(answer: Any, query: type[Any]) -> errors.RPCError:
    """Return Kurigram's error; it would write an error that it does not know to a file."""
    code, message = abs(answer.error_code), answer.error_message
    names = known_errors.get(code, {})
    if _NUMBER.sub("_X", message) in names:
        try:
            errors.RPCError.raise_it(answer, query)
        except errors.RPCError as error:
            return error
    kind = getattr(errors, names["_"]) if names else errors.UnknownError
    return kind(value=f"[{code} {message}]", rpc_name=str(query.QUALNAME))
