"""Column types, and short functions that declare the columns of the models."""

from collections.abc import Iterable, Mapping
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
    Table,
    Text,
    TypeDecorator,
    event,
    func,
)
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Connection, Dialect
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

# Rows are not validated when they are made, so the validators are built only when one is asked for.
SQLModel.model_config["defer_build"] = True

# Without it, SQLite reuses the id of a deleted row.
NEVER_REUSE_IDS = {"info": {"sqlite_autoincrement": True}}

# SQLite assigns ids only in a column declared INTEGER, which has 64 bits there.
BigId = BigInteger().with_variant(Integer(), "sqlite")
# None is stored as SQL NULL, not as JSON null.
Json = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


@event.listens_for(SQLModel.metadata, "before_create")
def _set_sqlite_options(metadata: MetaData, connection: Connection, **_: object) -> None:
    """Set the options of SQLite. Named in the models, they would load its dialect, also for PostgreSQL."""
    if connection.dialect.name == "sqlite":
        for table in metadata.tables.values():
            items: Iterable[Table | Index] = (table, *table.indexes)
            for one in items:
                options = {name: value for name, value in one.info.items() if name.startswith("sqlite_")}
                one.dialect_kwargs.update(options)


class UtcDateTime(TypeDecorator[datetime]):
    """Accepts and returns timezone-aware datetimes, in UTC; SQLite itself stores no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; raises ValueError for a naive datetime, which is a bug."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware datetime in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class TextEnum(TypeDecorator[StrEnum]):
    """An enumeration stored as text; a CHECK of the table lists the values."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Convert a member or its text; raises ValueError for anything else."""
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """Return the member."""
        return None if value is None else self.kind(value)


def one_of(column: str, values: type[StrEnum] | tuple[str, ...]) -> str:
    """Return the condition of a CHECK: `column` holds one of `values`."""
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


def partial_index(
    name: str,
    *columns: str,
    where: str,
    sqlite_where: str | None = None,
    unique: bool = False,
    postgresql_ops: Mapping[str, str] | None = None,
) -> Index:
    """Return an index of the rows for which `where` is true; `sqlite_where` replaces it on SQLite."""
    return Index(
        name,
        *columns,
        unique=unique,
        postgresql_where=sql_text(where),
        postgresql_ops=postgresql_ops or {},
        info={"sqlite_where": sql_text(sqlite_where or where)},
    )


def row_id() -> Any:
    """The primary key; it is typed `int` in the models but is None until the row is inserted."""
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
    """A foreign key that is part of the primary key; deleting the target deletes the row."""
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
    """An enumeration stored as text; add a CHECK made by one_of()."""
    server_default = None if default is None else default.value
    return Field(
        default=default, sa_column=Column(TextEnum(kind), nullable=nullable, server_default=server_default)
    )
