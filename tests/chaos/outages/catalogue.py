"""Every outage that the product is to wait out, by whose it is."""

from tests.chaos.outages.postgres import OwnPostgres
from tests.chaos.outages.scenarios import Outage
from tests.support.running_product import RunningProduct

FOR_EVER = None
SEND = "messages.SendMessage"
RESOLVE = "contacts.ResolveUsername"


def plan(house: RunningProduct, **fault: object) -> None:
    """Plan a fault of the sandbox's model."""
    answer = house.control.post("/openai/faults", json=fault)
    assert answer.status_code == 201, answer.text


def _telegram_fails(house: RunningProduct, method: str) -> None:
    house.fault(action="error", code=500, message="RPC_CALL_FAIL", method=method, times=FOR_EVER)


def _up(house: RunningProduct) -> None:
    _post(house, "/telegram/up")


def mend(house: RunningProduct) -> None:
    """Call off whatever was planned."""
    for faults in ("/telegram/faults", "/openai/faults"):
        assert house.control.delete(faults).is_success


def _post(house: RunningProduct, path: str) -> None:
    assert house.control.post(path).is_success


def database(postgres: OwnPostgres) -> tuple[Outage, ...]:
    """What can happen to a PostgreSQL."""
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


# What the others' figures are to be compared with.
NONE = Outage("(none)", lambda _: None)

TELEGRAM = (
    Outage("Telegram down", lambda house: _post(house, "/telegram/down"), _up),
    Outage(
        "Telegram drops every link",
        lambda house: _post(house, "/telegram/drop"),
        poke=lambda house: _post(house, "/telegram/drop"),
    ),
    Outage("500 for every sending", lambda house: _telegram_fails(house, SEND), mend),
    Outage("500 for every look-up", lambda house: _telegram_fails(house, RESOLVE), mend),
)

SILENT = Outage("Telegram's link falls silent", lambda house: house.fault(action="silent", times=1))


def _model(name: str, **fault: object) -> Outage:
    def begin(house: RunningProduct) -> None:
        plan(house, times=FOR_EVER, **fault)

    return Outage(name, begin, mend)


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


def nonsense(kind: str, times: int) -> Outage:
    """A model that gives so many unusable answers and then comes to its senses."""

    def begin(house: RunningProduct) -> None:
        plan(house, kind=kind, times=times)

    return Outage(f"model: {times} × {kind}", begin, mend)
