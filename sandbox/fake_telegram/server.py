"""The loopback Telegram server: listens, keeps its connections, and can go down and up again."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from pyrogram import raw
from pyrogram.raw.all import layer
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.faults import Faults
from sandbox.fake_telegram.mtproto.auth_keys import AuthKey, AuthKeys
from sandbox.fake_telegram.mtproto.connection import Link
from sandbox.fake_telegram.mtproto.keys import load
from sandbox.fake_telegram.rpc.call_log import Calls
from sandbox.fake_telegram.rpc.dispatcher import Dispatcher
from sandbox.fake_telegram.rpc.push.profile_push import ProfilePusher
from sandbox.fake_telegram.rpc.push.update_push import UpdatePusher
from sandbox.fake_telegram.rpc.registry import Server
from sandbox.fake_telegram.scripted_people import ScriptedPeople
from sandbox.fake_telegram.settings import Settings
from sandbox.fake_telegram.state import counters
from sandbox.fake_telegram.state.people import Account
from sandbox.fake_telegram.state.world import World
from sandbox.fake_telegram.tl.serialization import unwrap

LAYER: int = layer
# From this difference on, the clock was set back, and message ids start again from it.
SET_BACK_SECONDS = 20
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, never bound


class Telegram:
    """`state_dir` keeps keys and counters; port 0 selects a free port; `clock` returns Unix seconds."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        state_dir: Path | None = None,
        settings: Settings | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.host = host
        self.port = port
        self.key = load(state_dir / "rsa.pem" if state_dir else None)
        self.keys = AuthKeys(state_dir / "auth_keys.json" if state_dir else None)
        base = counters.first(state_dir / "counters" if state_dir else None, time.time())
        self.settings = settings or Settings()
        self.world = World(
            self.key.secret("access hashes"), base, lambda: clock() + self.settings.clock_ahead
        )
        self.faults = Faults()
        self.calls = Calls()
        self._methods = Server(self.world, self.settings, self.keys, host, port)
        self._dispatcher = Dispatcher(self._methods, self.calls, self.faults)
        self._scripted_people = ScriptedPeople(self.world)
        pusher = UpdatePusher(self.world, self.faults, self.settings, self._deliver)
        self.world.listeners += [pusher.on_event, self._scripted_people.on_event]
        self.world.profile_listeners.append(ProfilePusher(self._deliver, self.world.now).on_change)
        self._listener: asyncio.Server | None = None
        self._links: dict[Link, asyncio.Task[None]] = {}
        self._last_msg_id = 0

    @property
    def is_up(self) -> bool:
        """True if clients can connect."""
        return self._listener is not None

    @property
    def reachable_host(self) -> str:
        """The address for clients on this machine, also if the server is bound to all addresses."""
        return "127.0.0.1" if self.host in WILDCARDS else self.host

    @property
    def address(self) -> str:
        """host:port, with the port that is in use."""
        return f"{self.reachable_host}:{self.port}"

    async def up(self) -> None:
        """Listen; after the first time on the same port."""
        if self._listener is not None:
            return
        self._listener = await asyncio.start_server(self._accept, self.host, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]
        self._methods.port = self.port

    async def down(self) -> None:
        """Refuse new connections and drop all others; the state is kept."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        tasks = list(self._links.values())
        self.drop()
        await asyncio.gather(*tasks, return_exceptions=True)
        if listener is not None:
            await listener.wait_closed()

    async def stop(self) -> None:
        """Stop for good: cancel pending replies and calls, and go down."""
        self._scripted_people.stop()
        await self._dispatcher.stop()
        await self.down()

    def drop(self) -> None:
        """Drop every connection; clients may reconnect at once."""
        for link in list(self._links):
            link.disconnect()

    def revoke(self, account_id: int) -> None:
        """End every session of the account, as its owner can from another device."""
        for auth in self.keys.of(account_id):
            self.keys.bind(auth, None)

    def scan(self, account_id: int, token: bytes | None = None) -> bool:
        """Scan a QR code as the account's owner, by default the newest; return False if it is not valid."""
        account = self.world.account(account_id)
        token = token or next(reversed(self._methods.tokens), b"")
        known = self._methods.tokens.get(token)
        if known is None or known.account_id is not None or known.expires < time.time():
            return False
        known.account_id = account.id
        update = raw.types.UpdateShort(update=raw.types.UpdateLoginToken(), date=self.world.now()).write()
        for link in self._links:
            if link.auth is known.auth:
                link.push(update)
        return True

    def on_join(self, link: Link) -> None:
        """Count a new session of a key; too many sessions of one key revoke the key."""
        auth = link.auth
        if auth is None:
            return
        now = self._count(auth, opened=True)
        allowed = self.settings.sessions_per_key
        if allowed is not None and now > allowed:
            self.keys.revoke(auth, "AUTH_KEY_DUPLICATED")

    def on_call(self, link: Link, msg_id: int, query: TLObject) -> None:
        """Handle a call from a link."""
        if link.auth is None:
            return
        query, wants_updates = unwrap(query)
        link.wants_updates |= wants_updates
        self._dispatcher.receive(link, link.auth, msg_id, query)

    def next_msg_id(self, residue: int) -> int:
        """Return an id that grows over all links; residue 1 (mod 4) marks answers, 3 other messages."""
        now = int(self.wire_time() * 2**32) & ~0b11
        lowest = self._last_msg_id + 4 & ~0b11
        is_set_back = lowest - now > SET_BACK_SECONDS << 32
        self._last_msg_id = (now if is_set_back else max(now, lowest)) | residue
        return self._last_msg_id

    def wire_time(self) -> float:
        """Return the time in Unix seconds for MTProto, which stays real when the world's clock is moved."""
        return time.time() + self.settings.clock_ahead

    def push(self, account: Account, updates: TLObject) -> None:
        """Push any object of type Updates to the account's clients."""
        self._deliver(account, updates.write(), None)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self, reader, writer)
        task = asyncio.current_task()
        if task is None or self._listener is None:
            writer.close()
            return
        self._links[link] = task
        try:
            await link.run()
        finally:
            del self._links[link]
            if link.auth is not None:
                self._count(link.auth)

    def _count(self, auth: AuthKey, *, opened: bool = False) -> int:
        sessions = {link.session_id for link in self._links if link.auth is auth}
        self.calls.sessions(auth.id.hex(), len(sessions), opened=opened)
        return len(sessions)

    def _deliver(self, account: Account, body: bytes, origin: bytes | None) -> None:
        for link in list(self._links):
            of_account = link.auth is not None and link.auth.account_id == account.id
            if of_account and link.wants_updates and link.session_id != origin:
                link.push(body)
