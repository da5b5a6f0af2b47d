"""Pure: converts the common spellings of DATABASE_URL into the address of an async SQLAlchemy engine."""

import re
from urllib.parse import unquote

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from shared.localized_messages import sentence

_DRIVERS = {
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}
# As libpq writes several servers: postgresql://user:password@h1:5432,h2:5432/name
_SEVERAL_HOSTS = re.compile(
    r"(?P<scheme>[a-z+]+://)(?P<user>[^/?]*@)?(?P<hosts>[^/?@]+,[^/?@]+)(?P<rest>[/?].*)?", re.IGNORECASE
)


def async_url(raw: str) -> URL:
    """Return the engine address for a DATABASE_URL, also for libpq's sockets (`postgresql://%2Frun%2Fpg/db`).

    Raises ValueError; its text does not repeat the address, which may contain a password.
    """
    try:
        url = make_url(_with_hosts_in_query(raw))
    except (ArgumentError, ValueError):
        raise ValueError("is not a database address") from None
    driver = _DRIVERS.get(url.drivername)
    if driver is None:
        raise ValueError(
            sentence("no support for {driver!r}: use postgresql:// or sqlite:///", driver=url.drivername)
        )
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


def shown_address(url: URL) -> str:
    """Return an engine's address for people to read: passwords are masked, also those in the query."""
    query = {name: "***" if "password" in name.lower() else value for name, value in url.query.items()}
    shown = url.set(drivername=url.get_backend_name(), query=query)
    return shown.render_as_string(hide_password=True)


def server_count(url: URL) -> int:
    """Return how many servers an engine's address names; the driver tries them in their order."""
    hosts = url.query.get("host", ())
    return max(1, len(hosts.split(",")) if isinstance(hosts, str) else len(hosts))


def _with_hosts_in_query(raw: str) -> str:
    """Move `h1:p1,h2:p2` from the place of the host to the query, where SQLAlchemy understands it."""
    found = _SEVERAL_HOSTS.fullmatch(raw)
    if found is None:
        return raw
    hosts = "&".join(f"host={host}" for host in found["hosts"].split(","))
    separator = "&" if "?" in found["rest"] else "?"
    return f"{found['scheme']}{found['user'] or ''}{found['rest']}{separator}{hosts}"


def driver_address(url: URL) -> str:
    """Return a PostgreSQL engine's address in the form that psycopg accepts, password included."""
    hosts = url.query.get("host", "")
    if isinstance(hosts, tuple):
        # SQLAlchemy repeats the parameter `host`; libpq wants lists of hosts and of ports.
        names = [host.rpartition(":") if ":" in host else (host, "", "5432") for host in hosts]
        lists = {
            "host": ",".join(name for name, _, _ in names),
            "port": ",".join(port for _, _, port in names),
        }
        url = url.update_query_dict(lists)
    return url.set(drivername="postgresql").render_as_string(hide_password=False)
