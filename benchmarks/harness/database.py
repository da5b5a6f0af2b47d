"""SQL on the product's database, from outside the product."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

from shared.database.urls import async_url


@contextmanager
def open_connection(url: str) -> Iterator[Callable[..., Sequence[Any]]]:
    """Yield `run_sql` bound to one open connection: connecting costs the server more than most queries."""
    address = async_url(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    engine = create_engine(
        address.set(drivername="sqlite" if is_sqlite else "postgresql+psycopg"),
        poolclass=StaticPool,
        connect_args={"check_same_thread": False} if is_sqlite else {},
    )

    def run(*statements: str) -> Sequence[Any]:
        found: Sequence[Any] = ()
        with engine.begin() as connection:
            for statement in statements:
                result = connection.execute(text(statement))
                found = result.all() if result.returns_rows else ()
        return found

    try:
        yield run
    finally:
        engine.dispose()


def run_sql(url: str, *statements: str) -> Sequence[Any]:
    """Run the statements in one transaction; returns the rows of the last one, if it returns any."""
    with open_connection(url) as run:
        return run(*statements)
