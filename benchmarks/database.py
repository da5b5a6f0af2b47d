"""A look into a database beside the product."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

from shared.database.urls import async_url


@contextmanager
def window(url: str) -> Iterator[Callable[..., Sequence[Any]]]:
    """Keeps one connection: to connect takes the server more than to look. Gives what `rows` is with it."""
    address = async_url(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    engine = create_engine(
        address.set(drivername="sqlite" if is_sqlite else "postgresql+psycopg"),
        poolclass=StaticPool,
        connect_args={"check_same_thread": False} if is_sqlite else {},
    )

    def look(*statements: str) -> Sequence[Any]:
        found: Sequence[Any] = ()
        with engine.begin() as connection:
            for statement in statements:
                result = connection.execute(text(statement))
                found = result.all() if result.returns_rows else ()
        return found

    try:
        yield look
    finally:
        engine.dispose()


def rows(url: str, *statements: str) -> Sequence[Any]:
    """Run the statements as one transaction; gives what the last one finds, if it looks for something."""
    with window(url) as look:
        return look(*statements)
