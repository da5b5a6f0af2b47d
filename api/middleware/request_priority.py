"""Counts the forms in progress, so that long work in this process can let them pass."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class FormsInProgress:
    """The forms that this process serves at the moment."""

    def __init__(self) -> None:
        self._count = 0
        self._none = asyncio.Event()
        self._none.set()

    def begin(self) -> None:
        """A form has come wholly."""
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
    """Counts calls of the webhooks and of `POST /leads` from the end of their body to their answer."""

    def __init__(self, app: ASGIApp, webhooks: str) -> None:
        self.app = app
        self._webhooks = webhooks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] != "http" or scope["method"] != "POST" or not self._is_form(scope["path"]):
            await self.app(scope, receive, send)
            return
        form = _Form(receive)
        try:
            await self.app(scope, form.receive, send)
        finally:
            form.end()

    def _is_form(self, path: str) -> bool:
        return path == "/leads" or path.startswith(self._webhooks)


class _Form:
    """One form. A body that comes slowly is not waited for: any client may send one."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_counted = False

    async def receive(self) -> Message:
        """Return the server's next message; with the last one of the body the form is in progress."""
        message = await self._receive()
        if message["type"] == "http.request" and not message.get("more_body") and not self._is_counted:
            self._is_counted = True
            FORMS.begin()
        return message

    def end(self) -> None:
        """The form is answered, or its sender is gone."""
        if self._is_counted:
            FORMS.end()
