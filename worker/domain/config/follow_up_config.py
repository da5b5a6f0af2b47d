"""The follow-ups that the owner configures in assistant.toml, section [follow_ups]. Pure."""

import re
from datetime import date
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from worker.domain.config.outreach_hours import Hours
from worker.domain.wording.links import contains_link

_EVERY_YEAR = re.compile(r"\d\d-\d\d")


def _check_hours(text: str) -> str:
    try:
        Hours.parse(text)
    except ValueError:
        raise ValueError("must be hours such as 10:00-19:00") from None
    return text


def _check_day(text: str) -> str:
    try:
        date.fromisoformat(f"2024-{text}" if _EVERY_YEAR.fullmatch(text) else text)
    except ValueError:
        raise ValueError(f"{text!r} is no day such as 2027-01-08 or 01-07") from None
    return text


def _check_no_link(text: str) -> str:
    if contains_link(text):
        raise ValueError("a follow-up has no link: Telegram restricts accounts for them")
    return text


class FollowUpStep(BaseModel):
    """One follow-up: after so many working days; `text` is sent if the model cannot write it."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    after: Annotated[int, Field(ge=1, le=60)]
    text: Annotated[str, Field(max_length=1_000), AfterValidator(_check_no_link)] = ""


class FollowUpConfig(BaseModel):
    """The section [follow_ups]; all keys are optional.

    `never_answered` and `answered`: the steps, each in working days after our last message. `closes_after`:
    working days after the last step until the lead is `no_reply`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    never_answered: Annotated[list[FollowUpStep], Field(max_length=1)] = [FollowUpStep(after=2)]
    answered: Annotated[list[FollowUpStep], Field(max_length=2)] = [
        FollowUpStep(after=1),
        FollowUpStep(after=3),
    ]
    closes_after: Annotated[int, Field(ge=1, le=60)] = 3
    hours: Annotated[str, AfterValidator(_check_hours)] = "10:00-19:00"
    days_off: list[Annotated[str, AfterValidator(_check_day)]] = []

    @model_validator(mode="after")
    def _check_order(self) -> Self:
        days = [step.after for step in self.answered]
        if days != sorted(set(days)):
            raise ValueError("the steps of answered must have growing numbers of days")
        return self
