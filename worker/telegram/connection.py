"""Kurigram's connection, made to tell what it keeps to itself: an unknown key, and why it fails."""

import weakref
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any, ClassVar, ParamSpec, TypeVar

from pyrogram.connection import Connection
from python_socks import ProxyError

from worker.telegram import proxy

# "No such auth key": core.telegram.org/mtproto/mtproto-transports, transport errors.
_UNKNOWN_KEY = (-404).to_bytes(4, "little", signed=True)

Told = Callable[[], None]
ParamsT = ParamSpec("ParamsT")
ResultT = TypeVar("ResultT")


class AtOnce(Executor):
    """Runs what it is given where it stands.

    Kurigram has a thread for the few microseconds of ciphering a packet: the way there takes longer.
    """

    def submit(
        self, fn: Callable[ParamsT, ResultT], /, *args: ParamsT.args, **kwargs: ParamsT.kwargs
    ) -> Future[ResultT]:
        """Done when it returns."""
        done: Future[ResultT] = Future()
        try:
            done.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - it is the asker's to handle
            done.set_exception(error)
        return done


class WorkerConnection(Connection):
    """`trouble`: why the latest try failed, for the operator; one class for each client."""

    opened: ClassVar[weakref.WeakSet[Connection]]
    trouble: ClassVar[str | None]

    async def recv(self) -> bytes | None:
        """Notes when the server says that it does not know our key, which Kurigram takes for silence."""
        packet: bytes | None = await super().recv()
        if packet == _UNKNOWN_KEY:
            self.key_is_unknown()
            # A closed link ends Kurigram's reader quietly; the packet would end it with a stray exception.
            return None
        return packet

    def key_is_unknown(self) -> None:
        """Overridden for each client."""


def connection_type(server: str | None, on_unknown_key: Told, on_failure: Told) -> type[WorkerConnection]:
    """A client's kind of connection, to `server` (host:port) if it is given.

    `on_failure` is called when a connection does not come about after Kurigram's own tries.
    """
    host, _, port = (server or "").rpartition(":")

    class Ours(WorkerConnection):
        opened: ClassVar[weakref.WeakSet[Connection]] = weakref.WeakSet()
        trouble: ClassVar[str | None] = None

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.opened.add(self)
            self.protocol_factory: Any = _ours(self.protocol_factory, self._note)
            if host:
                self.server_address, self.port, self.ipv6 = host.strip("[]"), int(port), ":" in host

        async def connect(self) -> None:
            try:
                await super().connect()
            except OSError:
                on_failure()
                raise
            Ours.trouble = None

        def key_is_unknown(self) -> None:
            on_unknown_key()

        def _note(self, error: Exception) -> None:
            Ours.trouble = proxy.complaint(self.proxy, error)

    return Ours


def _ours(factory: Callable[..., Any], note: Callable[[Exception], None]) -> Callable[..., Any]:
    """Transports that tell why they do not connect, which Kurigram only logs, and that cipher at once."""

    def make(**options: Any) -> Any:
        transport = factory(**options)
        transport.crypto_executor.shutdown()
        transport.crypto_executor = AtOnce()
        connect = transport.connect

        async def noting(address: tuple[str, int]) -> None:
            try:
                await connect(address)
            except OSError as error:
                note(error)
                raise
            except ProxyError as error:
                note(error)
                # Kurigram takes only the network's errors for what may pass.
                raise ConnectionError(str(error)) from error

        transport.connect = noting
        return transport

    return make
