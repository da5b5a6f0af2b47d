"""The loopback Telegram itself: listens, keeps its links, and can go down and come up again."""

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
from sandbox.fake_telegram.rpc.dispatcher import Calling
from sandbox.fake_telegram.rpc.registry import Server
from sandbox.fake_telegram.rpc.update_push import Pushes
from sandbox.fake_telegram.scripted_people import Prospects
from sandbox.fake_telegram.settings import Settings
from sandbox.fake_telegram.state import counters
from sandbox.fake_telegram.state.people import Account
from sandbox.fake_telegram.state.world import World
from sandbox.fake_telegram.tl.serialization import unwrap

LAYER: int = layer
WILDCARDS = ("", "0.0.0.0", "::")  # noqa: S104 - compared with, not bound to


class Telegram:
    """`state_dir` keeps the keys and the counters over restarts; port 0 takes any; `clock` is the world's."""

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
        self.world = World(self.key.secret("access hashes"), base, clock)
        self.settings = settings or Settings()
        self.faults = Faults()
        self.calls = Calls()
        self._methods = Server(self.world, self.settings, self.keys, host, port)
        self._calling = Calling(self._methods, self.calls, self.faults)
        self._prospects = Prospects(self.world)
        pushes = Pushes(self.world, self.faults, self.settings, self._deliver)
        self.world.listeners += [pushes.heard, self._prospects.heard]
        self._listener: asyncio.Server | None = None
        self._links: dict[Link, asyncio.Task[None]] = {}
        self._last_msg_id = 0

    @property
    def is_up(self) -> bool:
        """Whether clients can connect."""
        return self._listener is not None

    @property
    def reachable_host(self) -> str:
        """Where this machine finds it, also when it is bound to every address."""
        return "127.0.0.1" if self.host in WILDCARDS else self.host

    @property
    def address(self) -> str:
        """host:port, the port that was taken."""
        return f"{self.reachable_host}:{self.port}"

    async def up(self) -> None:
        """Listen; the second time on the same port."""
        if self._listener is not None:
            return
        self._listener = await asyncio.start_server(self._accept, self.host, self.port)
        self.port = self._listener.sockets[0].getsockname()[1]
        self._methods.port = self.port

    async def down(self) -> None:
        """Refuse connections and drop those there are; the world lives on."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.close()
        tasks = list(self._links.values())
        self.drop()
        await asyncio.gather(*tasks, return_exceptions=True)
        if listener is not None:
            await listener.wait_closed()

    async def stop(self) -> None:
        """Down for good: nobody answers and nothing is pending any more."""
        self._prospects.stop()
        await self._calling.stop()
        await self.down()

    def drop(self) -> None:
        """Drop every connection; clients may connect again at once."""
        for link in list(self._links):
            link.hang_up()

    def revoke(self, account_id: int) -> None:
        """End every session of the account, as another device of its owner can."""
        for auth in self.keys.of(account_id):
            self.keys.bind(auth, None)

    def scan(self, account_id: int, token: bytes | None = None) -> bool:
        """The account's owner scans a QR code, by default the newest; whether it was still good."""
        account = self.world.account(account_id)
        token = token or next(reversed(self._methods.tokens), b"")
        known = self._methods.tokens.get(token)
        if known is None or known.account_id is not None or known.expires < time.time():
            return False
        known.account_id = account.id
        told = raw.types.UpdateShort(update=raw.types.UpdateLoginToken(), date=self.world.now()).write()
        for link in self._links:
            if link.auth is known.auth:
                link.push(told)
        return True

    def joined(self, link: Link) -> None:
        """A link says whose it is; too many sessions of one key kill that key."""
        auth = link.auth
        if auth is None:
            return
        now = self._count(auth, opened=True)
        allowed = self.settings.sessions_per_key
        if allowed is not None and now > allowed:
            self.keys.kill(auth, "AUTH_KEY_DUPLICATED")

    def called(self, link: Link, msg_id: int, query: TLObject) -> None:
        """A link has a call to make."""
        if link.auth is None:
            return
        query, wants_updates = unwrap(query)
        link.wants_updates |= wants_updates
        self._calling.receive(link, link.auth, msg_id, query)

    def next_msg_id(self, residue: int) -> int:
        """Grows over all links; 1 (mod 4) answers, 3 (mod 4) is the server's own."""
        lowest = self._last_msg_id + 4 & ~0b11
        self._last_msg_id = max(int(time.time() * 2**32) & ~0b11, lowest) | residue
        return self._last_msg_id

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
