"""Kurigram's connection, extended to report an unknown key and the reason of a failure."""

import weakref
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ClassVar, ParamSpec, TypeVar

from pyrogram.connection import Connection
from python_socks import ProxyError

from worker.telegram.transport import proxy

# "No such auth key": core.telegram.org/mtproto/mtproto-transports, transport errors.
_UNKNOWN_KEY = (-404).to_bytes(4, "little", signed=True)

Callback = Callable[[], None]
ParamsT = ParamSpec("ParamsT")
ResultT = TypeVar("ResultT")


class InlineExecutor(Executor):
    """Runs each function in the calling thread.

    Kurigram uses a thread to encrypt a packet, which takes a few microseconds: the switch takes longer.
    """

    def submit(
        self, fn: Callable[ParamsT, ResultT], /, *args: ParamsT.args, **kwargs: ParamsT.kwargs
    ) -> Future[ResultT]:
        """Run `fn`; the returned Future is already done."""
        done: Future[ResultT] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - the caller handles it
            done.set_exception(error)
        return done


class WorkerConnection(Connection):
    """A connection with its own class per client; `trouble`: why the latest try failed, for the operator."""

    opened: ClassVar[weakref.WeakSet[Connection]]
    trouble: ClassVar[str | None]

    async def recv(self) -> bytes | None:
        """Receive a packet; reports the answer "unknown key", which Kurigram treats as silence."""
        packet: bytes | None = await super().recv()
        if packet == _UNKNOWN_KEY:
            self.on_unknown_key()
            # None, a closed link, ends Kurigram's reader quietly; the packet would raise in it.
            return None
        return packet

    def on_unknown_key(self) -> None:
        """Called when the server does not know the key; overridden for each client."""


def connection_type(
    server: str | None, on_unknown_key: Callback, on_failure: Callback
) -> type[WorkerConnection]:
    """Return the connection class of one client, for `server` (host:port) if it is given.

    `on_failure` is called when a connection fails after Kurigram's own tries.
    """
    host, _, port = (server or "").rpartition(":")

    class ClientConnection(WorkerConnection):
        opened: ClassVar[weakref.WeakSet[Connection]] = weakref.WeakSet()
        trouble: ClassVar[str | None] = None

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.opened.add(self)
            self.protocol_factory: Any = _reporting(self.protocol_factory, self._on_error)
            if host:
                self.server_address, self.port, self.ipv6 = host.strip("[]"), int(port), ":" in host

        async def connect(self) -> None:
            try:
                await super().connect()
            except OSError:
                on_failure()
                raise
            ClientConnection.trouble = None

        def on_unknown_key(self) -> None:
            on_unknown_key()

        def _on_error(self, error: Exception) -> None:
            ClientConnection.trouble = proxy.describe_failure(self.proxy, error)

    return ClientConnection


def _reporting(factory: Callable[..., Any], on_error: Callable[[Exception], None]) -> Callable[..., Any]:
    """Wrap a factory of transports: they report why they do not connect, and encrypt in the calling thread.

    Kurigram itself only logs such errors.
    """

    def make(**options: Any) -> Any:
        transport = factory(**options)
        transport.crypto_executor.shutdown()
        transport.crypto_executor = InlineExecutor()
        connect = transport.connect

        async def connect_and_report(address: tuple[str, int]) -> None:
            try:
                await connect(address)
            except OSError as error:
                on_error(error)
                raise
            except ProxyError as error:
                on_error(error)
                # Kurigram tries again only after network errors.
                raise ConnectionError(str(error)) from error

        transport.connect = connect_and_report
        return transport

    return make
