"""The control API as a FastAPI app, with Swagger at /docs."""

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline

from sandbox.control_api import accounts, clock, dependencies, people, telegram
from sandbox.fake_telegram.server import Telegram


def create_control_app(server: Telegram) -> FastAPI:
    """Return an app that controls this Telegram; serve it in the same event loop."""
    # Its pages load their scripts from here: the demo needs no internet.
    app: FastAPI = FastAPIOffline(
        title="Sandbox",
        summary="People, faults and the call log of a loopback Telegram; the demo's clock.",
        version="1",
    )
    app.state.telegram = server
    dependencies.add_not_found_handler(app)
    for router in (people.router, accounts.router, telegram.router, clock.router):
        app.include_router(router)

    @app.get("/healthz", tags=["sandbox"])
    async def healthz() -> dict[str, bool]:
        """Liveness; `telegram` is true if clients can connect."""
        return {"ok": True, "telegram": server.is_up}

    return app
