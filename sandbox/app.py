"""The whole sandbox in one process: Telegram on one port, OpenAI and the control API on another."""

import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from sandbox.calcom.mount import install as install_calcom
from sandbox.calendly.mount import API as CALENDLY_API
from sandbox.calendly.mount import BOOKING_PAGE
from sandbox.calendly.mount import PAGE as CALENDLY_PAGE
from sandbox.calendly.mount import install as install_calendly
from sandbox.control_api.app import create_control_app
from sandbox.fake_openai.app import build_router
from sandbox.fake_openai.state import OpenAIState
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.settings import Settings
from sandbox.fake_telegram.state import seed
from sandbox.http import HttpServer
from sandbox.moved_clock import unix_time
from sandbox.sessions import Address, ensure


class Sandbox:
    """The servers of the sandbox; `account` is the account that workers use by default."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        telegram_port: int = 0,
        http_port: int = 0,
        state_dir: Path | None = None,
        settings: Settings | None = None,
        *,
        people: bool = True,
        clock: Callable[[], float] = unix_time,
    ) -> None:
        self.telegram = Telegram(host, telegram_port, state_dir, settings, clock)
        self.openai = OpenAIState()
        world = self.telegram.world
        self.account = seed.add_demo_people(world) if people else world.add_account(seed.DEFAULT_ACCOUNT)
        self.app = create_control_app(self.telegram)
        self.app.include_router(build_router(self.openai))
        self.calendly, calendly_webhooks = install_calendly(self.app, clock)
        self.calcom, calcom_webhooks = install_calcom(self.app, clock)
        self._webhooks = (calendly_webhooks, calcom_webhooks)
        self._http = HttpServer(self.app, host, http_port)

    @property
    def http_url(self) -> str:
        """The URL of the control API; OpenAI's base URL is this URL with /v1."""
        host = self.telegram.reachable_host
        host = f"[{host}]" if ":" in host else host
        return f"http://{host}:{self._http.port}"

    @property
    def openai_url(self) -> str:
        """The value for OPENAI_BASE_URL."""
        return f"{self.http_url}/v1"

    @property
    def calendly_api_url(self) -> str:
        """The value for CALENDLY_API."""
        return f"{self.http_url}{CALENDLY_API}"

    @property
    def booking_page(self) -> str:
        """The value for CALENDLY_LINK."""
        return f"{self.http_url}{BOOKING_PAGE}"

    def session(self, path: Path, address: Address | None = None) -> Path:
        """Write or keep a signed-in session file of the default account; return its full path."""
        return ensure(self.telegram, path, self.account.id, address)

    async def start(self) -> None:
        """Start both servers. They answer when this returns; raises OSError if a port is in use."""
        await self.telegram.up()
        try:
            await self._http.start()
        except OSError:
            await self.telegram.stop()
            raise
        self.calendly.page_url = f"{self.http_url}{CALENDLY_PAGE}"

    async def stop(self) -> None:
        """Close every port and connection."""
        for webhooks in self._webhooks:
            await webhooks.stop()
        await self._http.stop()
        await self.telegram.stop()


@contextlib.asynccontextmanager
async def running(
    *,
    host: str = "127.0.0.1",
    telegram_port: int = 0,
    http_port: int = 0,
    state_dir: Path | None = None,
    settings: Settings | None = None,
    people: bool = True,
    clock: Callable[[], float] = unix_time,
) -> AsyncIterator[Sandbox]:
    """Run a sandbox during an `async with`; `people=False` creates no demo people."""
    sandbox = Sandbox(host, telegram_port, http_port, state_dir, settings, people=people, clock=clock)
    await sandbox.start()
    try:
        yield sandbox
    finally:
        await sandbox.stop()
