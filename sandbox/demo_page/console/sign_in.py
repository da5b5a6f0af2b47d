"""Signs visitors of the demo page in to the console, as the user that the demo has added."""

import asyncio
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

import httpx2

USER: Final = "Demo"
CONSOLE: Final = "/console"
_PASSWORD_BYTES = 24
# The console takes a form only from its own pages.
_OWN_PAGE: Final = {"Sec-Fetch-Site": "same-origin"}


class ConsoleSignIn:
    """`link_file` holds the output of `python -m api user add`; the password is kept beside it."""

    def __init__(self, client: httpx2.AsyncClient, link_file: Path | None) -> None:
        self._client = client
        self._link_file = link_file
        self._lock = asyncio.Lock()

    async def start_session(self) -> list[str]:
        """Sign in; returns the headers Set-Cookie, none if it is not possible. Raises HTTPError."""
        if self._link_file is None:
            return []
        async with self._lock:
            return await self._log_in() or await self._use_link()

    async def _log_in(self) -> list[str]:
        password = _read(self._password_file)
        form = {"name": USER, "password": password, "next": "/"}
        return await self._post("/login", form) if password else []

    async def _use_link(self) -> list[str]:
        # The command's last word is the link, with or without a host.
        words = _read(self._link_file).split()
        if not words or "/welcome/" not in words[-1]:
            return []
        password = secrets.token_urlsafe(_PASSWORD_BYTES)
        # Stored first: the link works once.
        _write(self._password_file, password)
        path = "/welcome/" + words[-1].rpartition("/welcome/")[2]
        return await self._post(path, {"password": password, "repeated": password})

    async def _post(self, path: str, form: dict[str, str]) -> list[str]:
        answer = await self._client.post(CONSOLE + path, data=form, headers=_OWN_PAGE)
        return answer.headers.get_list("set-cookie") if answer.status_code == 303 else []

    @property
    def _password_file(self) -> Path | None:
        return self._link_file and self._link_file.with_name(self._link_file.name + ".password")


def _read(path: Path | None) -> str:
    with suppress(OSError):
        return path.read_text().strip() if path else ""
    return ""


def _write(path: Path | None, text: str) -> None:
    if path is not None:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
