"""Counts the forms in progress, so that long work in this process can let them pass."""

import asyncio

from starlette.types import ASGIApp, Receive, Scope, Send


class FormsInProgress:
    """The forms that this process serves at the moment."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def begin(self) -> None:
        """A form has come."""
        self._count += 1
        self._none.clear()

    def end(self) -> None:
        """A form is answered."""
        self._count -= 1
        if not self._count:
            self._none.set()

    async def pass_by(self, seconds: float) -> bool:
        """Wait until no form is in progress, at most for `seconds`; returns True if there was one."""
        if self._none.is_set():
            return False
        try:
            async with asyncio.timeout(seconds):
                await self._none.wait()
        except TimeoutError:
            pass
        return True


# One for the process: its only thread serves the forms and does the work that lets them pass.
FORMS = FormsInProgress()


class FormsFirst:
    """Counts calls of the webhooks and of `POST /leads` while they are served."""

    def __init__(self, app: ASGIApp, webhooks: str) -> None:
        self.app = app
        self._webhooks = webhooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] != "http" or scope["method"] != "POST" or not self._is_form(scope["path"]):
            await self.app(scope, receive, send)
            return
        FORMS.begin()
        try:
            await self.app(scope, receive, send)
        finally:
            FORMS.end()

    def _is_form(self, path: str) -> bool:
        return path == "/leads" or path.startswith(self._webhooks)
