"""Pure: converts the common spellings of DATABASE_URL into the address of an async SQLAlchemy engine."""

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
    """Return the engine address for a DATABASE_URL, also for libpq's sockets (`postgresql://%2Frun%2Fpg/db`).

    Raises ValueError; its text does not repeat the address, which may contain a password.
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
        # The API and the worker share the leads: a database in memory belongs to one process only.
        if url.database in {None, "", ":memory:"}:
            raise ValueError("needs a file, such as sqlite:///./leads.db")
        return url
    if url.host and url.host.lower().startswith("%2f"):
        # URL.set() treats None as "unchanged".
        url = url.update_query_dict({"host": unquote(url.host)})._replace(host=None)
    return url


def driver_address(url: URL) -> str:
    """Return a PostgreSQL engine's address in the form that psycopg accepts, password included."""
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
