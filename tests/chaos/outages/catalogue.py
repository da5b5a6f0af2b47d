"""Every outage that the product must survive, by the system that fails."""

from tests.chaos.outages.postgres import OwnPostgres
from tests.chaos.outages.scenarios import Outage
from tests.support.running_product import RunningProduct

UNTIL_REMOVED = None
SEND = "messages.SendMessage"
RESOLVE = "contacts.ResolveUsername"


def plan(product: RunningProduct, **fault: object) -> None:
    """Plan a fault of the sandbox's model."""
    answer = product.control.post("/openai/faults", json=fault)
    assert answer.status_code == 201, answer.text


def _telegram_fails(product: RunningProduct, method: str) -> None:
    product.plan_fault(action="error", code=500, message="RPC_CALL_FAIL", method=method, times=UNTIL_REMOVED)


def _up(product: RunningProduct) -> None:
    _post(product, "/telegram/up")


def remove_faults(product: RunningProduct) -> None:
    """Remove all planned faults."""
    for faults in ("/telegram/faults", "/openai/faults"):
        assert product.control.delete(faults).is_success


def _post(product: RunningProduct, path: str) -> None:
    assert product.control.post(path).is_success


def database(postgres: OwnPostgres) -> tuple[Outage, ...]:
    """The outages of a PostgreSQL server."""
    return (
        Outage("PostgreSQL stopped", lambda _: postgres.stop(), lambda _: postgres.start()),
        Outage(
            "PostgreSQL restarted again and again",
            lambda _: postgres.restart(),
            poke=lambda _: postgres.restart(),
        ),
        Outage(
            "PostgreSQL ends every connection",
            lambda _: _end_connections(postgres),
            poke=lambda _: _end_connections(postgres),
        ),
    )


def _end_connections(postgres: OwnPostgres) -> None:
    postgres.end_connections()


# The baseline for the figures of the others.
NONE = Outage("(none)", lambda _: None)

TELEGRAM = (
    Outage("Telegram down", lambda product: _post(product, "/telegram/down"), _up),
    Outage(
        "Telegram drops every link",
        lambda product: _post(product, "/telegram/drop"),
        poke=lambda product: _post(product, "/telegram/drop"),
    ),
    Outage("500 for every sending", lambda product: _telegram_fails(product, SEND), remove_faults),
    Outage("500 for every look-up", lambda product: _telegram_fails(product, RESOLVE), remove_faults),
)

SILENT = Outage("Telegram's link falls silent", lambda product: product.plan_fault(action="silent", times=1))


def _model(name: str, **fault: object) -> Outage:
    def begin(product: RunningProduct) -> None:
        plan(product, times=UNTIL_REMOVED, **fault)

    return Outage(name, begin, remove_faults)


MODEL = (
    _model("model: connections break", kind="drop"),
    _model("model: 500", kind="server_error"),
    _model("model: 503", kind="server_error", status=503),
    _model("model: 429", kind="rate_limit"),
    _model("model: 429, Retry-After 1 s", kind="rate_limit", retry_after=1),
    _model("model: hangs", kind="timeout", seconds=1),
    _model("model: no money left", kind="rate_limit", code="insufficient_quota"),
    _model("model: key refused", kind="invalid_key"),
    _model("model: country refused", kind="unsupported_country"),
)


def unusable_answers(kind: str, times: int) -> Outage:
    """A model that returns `times` unusable answers of a kind, then usable ones."""

    def begin(product: RunningProduct) -> None:
        plan(product, kind=kind, times=times)

    return Outage(f"model: {times} × {kind}", begin, remove_faults)
