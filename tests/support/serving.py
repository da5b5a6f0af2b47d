"""Serves an application from a thread, for tests that are not asynchronous themselves."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from fastapi import FastAPI

from sandbox.http import HttpServer


@contextmanager
def serving(app: FastAPI) -> Iterator[str]:
    """Run an application in a thread; yields its address."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    http = HttpServer(app, "127.0.0.1", 0)
    asyncio.run_coroutine_threadsafe(http.start(), loop).result()
    try:
        yield f"http://127.0.0.1:{http.port}"
    finally:
        asyncio.run_coroutine_threadsafe(http.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
