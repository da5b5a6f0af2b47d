"""Kurigram clients of the fake Telegram."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

from pyrogram import Client, raw
from pyrogram.connection import Connection
from pyrogram.crypto import rsa
from pyrogram.handlers import MessageHandler, RawUpdateHandler
from pyrogram.raw.core import TLObject
from pyrogram.types import Message

from sandbox import sessions
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.people import Person


def login_client(telegram: Telegram, phone: str, code: str, password: str | None = None) -> Client:
    """Return a client without a session; it exchanges keys and signs in."""
    rsa.server_public_keys[telegram.key.fingerprint] = rsa.PublicKey(telegram.key.n, telegram.key.e)

    class Loopback(Connection):
        def __init__(self, **options: object) -> None:
            options |= {"server_address": telegram.host, "port": telegram.port}
            super().__init__(**options)

    return Client(
        "login",
        api_id=1,
        api_hash="hash",
        in_memory=True,
        phone_number=phone,
        phone_code=code,
        password=password,
        connection_factory=Loopback,
        workers=1,
        no_updates=False,
    )


class Listener:
    """A client with a signed-in session that records messages and updates."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.messages: list[Message] = []
        self.updates: list[TLObject] = []
        client.add_handler(MessageHandler(self._message))
        client.add_handler(RawUpdateHandler(self._update), group=1)

    @property
    def texts(self) -> list[str]:
        """The texts of the messages, in order of arrival."""
        return [message.text for message in self.messages]

    async def call(self, query: TLObject) -> TLObject:
        """Make one raw call, without Kurigram's retries and waits."""
        return await self.client.session.send(query)

    async def peer(self, telegram: Telegram, person: Person) -> TLObject:
        """Return the person's InputPeer with the access hash of this client's account."""
        access_hash = telegram.world.access_hash(self.client.me.id, person.id)
        return raw.types.InputPeerUser(user_id=person.id, access_hash=access_hash)

    async def send(self, telegram: Telegram, person: Person, text: str, random_id: int) -> TLObject:
        """Call messages.SendMessage as the worker does."""
        peer = await self.peer(telegram, person)
        query = raw.functions.messages.SendMessage(peer=peer, message=text, random_id=random_id)
        return await self.call(query)

    async def _message(self, _: Client, message: Message) -> None:
        self.messages.append(message)

    async def _update(self, _: Client, update: TLObject, *_peers: dict[int, TLObject]) -> None:
        self.updates.append(update)


@contextlib.asynccontextmanager
async def session_client(
    telegram: Telegram, folder: Path, name: str = "worker", **options: object
) -> AsyncIterator[Listener]:
    """Start a client with only a signed-in session file of the first account."""
    account_id = next(iter(telegram.world.accounts))
    sessions.ensure(telegram, folder / name, account_id)
    options = {"workers": 1, "skip_updates": False, "sleep_threshold": 0, **options}
    client = Client(name, workdir=str(folder), **options)
    listener = Listener(client)
    await client.start()
    try:
        yield listener
    finally:
        await client.stop()
