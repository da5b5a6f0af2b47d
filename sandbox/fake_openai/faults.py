"""Faults on demand: what may go wrong with an answer, and the book of those that are still to come."""

from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import BaseModel, Field

Api = Literal["responses", "chat", "models", "transcriptions"]


class FaultBase(BaseModel):
    """What every fault has: how often it strikes, and which requests it strikes."""

    times: int | None = Field(1, ge=1, description="How many requests it strikes; null: until it is removed.")
    match: str | None = Field(None, description="Strikes only requests whose text contains this substring.")
    api: Api | None = Field(None, description="Strikes only this API; null: responses and chat alike.")


class RateLimit(FaultBase):
    """429: too many requests, or no money left (the code tells which)."""

    kind: Literal["rate_limit"] = "rate_limit"
    code: Literal["rate_limit_exceeded", "insufficient_quota", "credit_balance_exhausted"] = (
        "rate_limit_exceeded"
    )
    retry_after: float | None = Field(None, ge=0, description="Seconds in the `Retry-After` header.")


class ServerError(FaultBase):
    """A 5xx answer."""

    kind: Literal["server_error"] = "server_error"
    status: Literal[500, 502, 503, 504] = 500


class InvalidKey(FaultBase):
    """401: the key is not known."""

    kind: Literal["invalid_key"] = "invalid_key"


class UnknownModel(FaultBase):
    """404: there is no such model."""

    kind: Literal["unknown_model"] = "unknown_model"


class UnsupportedCountry(FaultBase):
    """403: the caller's country is not served."""

    kind: Literal["unsupported_country"] = "unsupported_country"


class Hang(FaultBase):
    """No answer: the connection stays silent for so many seconds and is then dropped."""

    kind: Literal["timeout"] = "timeout"
    seconds: float = Field(30, ge=0, le=3600)


class Delay(FaultBase):
    """An ordinary answer, so many seconds late."""

    kind: Literal["delay"] = "delay"
    seconds: float = Field(1, ge=0, le=3600)


class Drop(FaultBase):
    """The connection breaks in the middle of the answer."""

    kind: Literal["drop"] = "drop"


class MalformedJson(FaultBase):
    """A complete answer whose text is no valid JSON."""

    kind: Literal["malformed_json"] = "malformed_json"


class Truncated(FaultBase):
    """An answer cut short: `status: incomplete` (Responses), `finish_reason: length` (Chat)."""

    kind: Literal["truncated"] = "truncated"


class Refusal(FaultBase):
    """The model refuses: `refusal` content instead of text."""

    kind: Literal["refusal"] = "refusal"
    message: str = "I'm sorry, but I can't assist with that request."


class Empty(FaultBase):
    """An answer without any content."""

    kind: Literal["empty"] = "empty"


class Obey(FaultBase):
    """A model that says what it is told: `answer` verbatim, or `fields` written over the usual answer."""

    kind: Literal["obey"] = "obey"
    answer: str | dict[str, Any] | None = Field(
        None, description="The whole text; an object goes out as JSON."
    )
    fields: dict[str, Any] = Field(default_factory=dict, description="Replaces fields of the usual answer.")


Fault = Annotated[
    RateLimit
    | ServerError
    | InvalidKey
    | UnknownModel
    | UnsupportedCountry
    | Hang
    | Delay
    | Drop
    | MalformedJson
    | Truncated
    | Refusal
    | Empty
    | Obey,
    Field(discriminator="kind"),
]


class Planned(BaseModel):
    """A fault in the book, with how often it has struck."""

    id: str
    fault: Fault
    struck: int = 0


class FaultBook:
    """The faults to come, oldest first; each request takes at most one."""

    def __init__(self) -> None:
        self._planned: list[Planned] = []

    def add(self, fault: Fault) -> Planned:
        """Plan a fault and return its entry."""
        planned = Planned(id=f"fault_{uuid4().hex[:12]}", fault=fault)
        self._planned.append(planned)
        return planned

    def pending(self) -> list[Planned]:
        """What is still to strike."""
        return list(self._planned)

    def clear(self, fault_id: str | None = None) -> int:
        """Remove one fault, or all of them; return how many went."""
        kept = [p for p in self._planned if fault_id is not None and p.id != fault_id]
        removed = len(self._planned) - len(kept)
        self._planned = kept
        return removed

    def take(self, api: Api, request_text: str) -> Fault | None:
        """The first fault meant for this request, counted as struck."""
        for planned in self._planned:
            fault = planned.fault
            meant = api == fault.api or (fault.api is None and api in {"responses", "chat"})
            if meant and (fault.match is None or fault.match in request_text):
                planned.struck += 1
                if fault.times is not None and planned.struck >= fault.times:
                    self._planned.remove(planned)
                return fault
        return None
