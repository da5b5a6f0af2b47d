"""A look into a database beside the product: a few statements, each on a connection of its own."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import create_engine, text

from shared.db_url import async_url


def rows(url: str, *statements: str) -> Sequence[Any]:
    """Run the statements as one transaction; gives what the last one finds, if it looks for something."""
    address = async_url(url)
    is_sqlite = address.get_backend_name() == "sqlite"
    engine = create_engine(address.set(drivername="sqlite" if is_sqlite else "postgresql+psycopg"))
    found: Sequence[Any] = ()
    try:
        with engine.begin() as connection:
            for statement in statements:
                result = connection.execute(text(statement))
                found = result.all() if result.returns_rows else ()
    finally:
        engine.dispose()
    return found
