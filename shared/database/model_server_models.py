"""The table of language models: the form of request that works, the last qualification, who is in use."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlmodel import Column, Field, SQLModel

from shared.database.columns import Json, flag, integer, key_text, moment, one_of, real, text_field


class ModelServer(SQLModel, table=True):
    """A model of one provider, by the host of its base URL and the model's name."""

    __tablename__ = "model_servers"
    __table_args__ = (CheckConstraint(one_of("role", ("first", "second")), name="role"),)

    host: str = key_text()
    model: str = key_text()
    # The form of request that works, such as "chat with json_object, max_tokens".
    wire_form: str | None = text_field()
    # The size of the reply prompt, and the context of the model as the doctor found it.
    prompt_tokens: int | None = integer()
    limit_tokens: int | None = integer()
    works_since: datetime | None = moment(nullable=True)
    # The configured provider or the fallback; which of them answers now, and since when the other does not.
    role: str | None = text_field()
    out_since: datetime | None = moment(nullable=True)
    out_reason: str | None = text_field()
    in_use: bool = flag()
    # The last qualification: its score (0 to 1), its figures, and the prompts that it was run with.
    score: float | None = real()
    figures: dict[str, Any] | None = Field(default=None, sa_column=Column(Json, nullable=True))
    prompt_version: str | None = text_field()
    qualified_at: datetime | None = moment(nullable=True)
    # A worker runs a qualification until then, unless it stops earlier.
    qualifying_until: datetime | None = moment(nullable=True)
    updated_at: datetime = moment(default_now=True)


MODEL_SERVERS = SQLModel.metadata.tables["model_servers"]
