"""Column types and the shorthand in which the tables are written."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Text,
    TypeDecorator,
    func,
)
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlmodel import Column, Field, SQLModel

SQLModel.metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite would give a deleted row's number to the next one.
NEVER_REUSE_IDS = {"sqlite_autoincrement": True}

# SQLite numbers rows by itself only in a column declared INTEGER, which holds 64 bits there.
BigId = BigInteger().with_variant(Integer(), "sqlite")
# No value is no value, not JSON's null.
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """Aware datetimes in, aware UTC datetimes out, also where the database (SQLite) keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a naive datetime is a bug and raises ValueError."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """From what the database gives, always aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class TextEnum(TypeDecorator[StrEnum]):
    """An enumeration kept as its readable text; the CHECK beside it holds the values."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """A member or its text; anything else raises ValueError."""
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member."""
        return None if value is None else self.kind(value)


def one_of(column: str, values: type[StrEnum] | tuple[str, ...]) -> str:
    """A CHECK's condition: `column` holds one of `values`."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


def partial_index(
    name: str,
    *columns: str,
    where: str,
    sqlite_where: str | None = None,
    unique: bool = False,
    postgresql_ops: Mapping[str, str] | None = None,
) -> Index:
    """An index of the rows for which `where` is true; `sqlite_where`, if SQLite's words are others."""
    return Index(
        name,
        *columns,
        unique=unique,
        postgresql_where=sql_text(where),
        postgresql_ops=postgresql_ops or {},
        sqlite_where=sql_text(sqlite_where or where),
    )


def row_id() -> Any:
    return Field(default=None, sa_column=Column(BigId, primary_key=True))


def moment(*, default_now: bool = False, nullable: bool = False) -> Any:
    server_default = func.now() if default_now else None
    return Field(
        default=None, sa_column=Column(UtcDateTime(), nullable=nullable, server_default=server_default)
    )


def reference(target: str, *, nullable: bool = False, ondelete: str = "CASCADE") -> Any:
    return Field(
        default=None, sa_column=Column(BigId, ForeignKey(target, ondelete=ondelete), nullable=nullable)
    )


def text_field(*, nullable: bool = True, default: str | None = None) -> Any:
    return Field(default=default, sa_column=Column(Text(), nullable=nullable, server_default=default))


def flag() -> Any:
    return Field(default=False, sa_column=Column(Boolean(), nullable=False, server_default=sql_text("false")))


def key_reference(target: str) -> Any:
    """A reference that is part of the primary key; what it points to takes the row along."""
    return Field(sa_column=Column(BigId, ForeignKey(target, ondelete="CASCADE"), primary_key=True))


def key_number() -> Any:
    return Field(sa_column=Column(BigInteger(), primary_key=True, autoincrement=False))


def key_text() -> Any:
    return Field(sa_column=Column(Text(), primary_key=True))


def number(*, nullable: bool = True) -> Any:
    return Field(default=None, sa_column=Column(BigInteger(), nullable=nullable))


def integer() -> Any:
    return Field(default=None, sa_column=Column(Integer(), nullable=True))


def real() -> Any:
    return Field(default=None, sa_column=Column(Double(), nullable=True))


def counter() -> Any:
    return Field(default=0, sa_column=Column(Integer(), nullable=False, server_default="0"))


def enum_field(kind: type[StrEnum], *, nullable: bool = True, default: StrEnum | None = None) -> Any:
    """Readable text of an enumeration; pair it with a CHECK from one_of()."""
    server_default = None if default is None else default.value
    return Field(
        default=default, sa_column=Column(TextEnum(kind), nullable=nullable, server_default=server_default)
    )
