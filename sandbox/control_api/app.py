"""The control API as one FastAPI app; Swagger is at /docs."""

from fastapi import FastAPI

from sandbox.control_api import accounts, dependencies, people, telegram
from sandbox.fake_telegram.server import Telegram


def create_control_app(server: Telegram) -> FastAPI:
    """Controls this Telegram, in whose event loop it must be served."""
    app = FastAPI(
        title="Sandbox",
        summary="People, faults and the record of a loopback Telegram.",
        version="1",
    )
    app.state.telegram = server
    dependencies.answer_unknown(app)
    for router in (people.router, accounts.router, telegram.router):
        app.include_router(router)

    @app.get("/healthz", tags=["sandbox"])
    async def healthz() -> dict[str, bool]:
        """Alive; `telegram` tells whether clients can connect."""
        return {"ok": True, "telegram": server.is_up}

    return app
