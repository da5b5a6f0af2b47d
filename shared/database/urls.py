"""Pure: every spelling of DATABASE_URL that people paste, as the address of an async SQLAlchemy engine."""

from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}


def async_url(raw: str) -> URL:
    """The engine address for a DATABASE_URL; libpq's `postgresql://%2Frun%2Fpg/db` sockets included.

    Raises ValueError with a text that does not repeat the address, since it may hold a password.
    """
    try:
        url = make_url(raw)
    except (ArgumentError, ValueError):
        raise ValueError("is not a database address") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise ValueError(f"no support for {url.drivername!r}: use postgresql:// or sqlite:///")
    url = url.set(drivername=driver)
    if driver.startswith("sqlite"):
        # Two processes share the leads: a database in one process's memory would lose them.
        if url.database in {None, "", ":memory:"}:
            raise ValueError("needs a file, such as sqlite:///./leads.db")
        return url
    if url.host and url.host.lower().startswith("%2f"):
        # URL.set() takes None for "as it was".
        url = url.update_query_dict({"host": unquote(url.host)})._replace(host=None)
    return url


def driver_address(url: URL) -> str:
    """What psycopg itself takes for the address of an engine on PostgreSQL, password included."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
