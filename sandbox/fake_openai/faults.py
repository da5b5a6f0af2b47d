"""Planned faults of the fake OpenAI server, and the list of faults that are still pending."""

from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import BaseModel, Field

Api = Literal["responses", "chat", "models", "transcriptions"]


class FaultBase(BaseModel):
    """Common fields of all faults: how many requests a fault affects, and which ones."""

    times: int | None = Field(
        1, ge=1, description="How many requests it affects; null: all until it is removed."
    )
    match: str | None = Field(None, description="Affects only requests whose text contains this substring.")
    api: Api | None = Field(None, description="Affects only this API; null: responses and chat.")


class RateLimit(FaultBase):
    """429: too many requests, or no credit left; `code` is the reason."""

    kind: Literal["rate_limit"] = "rate_limit"
    code: Literal["rate_limit_exceeded", "insufficient_quota", "credit_balance_exhausted"] = (
        "rate_limit_exceeded"
    )
    retry_after: float | None = Field(None, ge=0, description="Seconds in the `Retry-After` header.")


class ServerError(FaultBase):
    """A 5xx answer."""

    kind: Literal["server_error"] = "server_error"
    status: Literal[500, 502, 503, 504] = 500


class SimpleFault(FaultBase):
    """A fault without parameters.

    - `invalid_key`: 401, the API key is unknown;
    - `unknown_model`: 404, the model does not exist;
    - `unsupported_country`: 403, OpenAI does not serve the caller's country;
    - `drop`: the connection breaks in the middle of the answer;
    - `malformed_json`: a complete answer whose text is not valid JSON;
    - `truncated`: an answer cut short, `status: incomplete` (Responses) or `finish_reason: length` (Chat);
    - `empty`: an answer without content.
    """

    kind: Literal[
        "invalid_key",
        "unknown_model",
        "unsupported_country",
        "drop",
        "malformed_json",
        "truncated",
        "empty",
    ]


class Hang(FaultBase):
    """No answer: the server sends nothing for `seconds` and then drops the connection."""

    kind: Literal["timeout"] = "timeout"
    seconds: float = Field(30, ge=0, le=3600)


class Delay(FaultBase):
    """A normal answer, delayed by `seconds`."""

    kind: Literal["delay"] = "delay"
    seconds: float = Field(1, ge=0, le=3600)


class Refusal(FaultBase):
    """The model refuses: `refusal` content instead of text."""

    kind: Literal["refusal"] = "refusal"
    message: str = "I'm sorry, but I can't assist with that request."


class Obey(FaultBase):
    """The model returns a given answer: `answer` verbatim, or the usual answer with `fields` replaced."""

    kind: Literal["obey"] = "obey"
    answer: str | dict[str, Any] | None = Field(
        None, description="The whole text; an object is sent as JSON."
    )
    fields: dict[str, Any] = Field(default_factory=dict, description="Replaces fields of the usual answer.")


class RawAnswer(FaultBase):
    """A scripted answer: exactly this status, these headers and this body, whatever was asked."""

    kind: Literal["raw"] = "raw"
    status: int = Field(200, ge=200, le=599)
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = Field("", description="A text is sent as it is, any other value as JSON.")
    delay: float = Field(0, ge=0, le=600, description="Seconds before the answer.")


Fault = Annotated[
    SimpleFault | RateLimit | ServerError | Hang | Delay | Refusal | Obey | RawAnswer,
    Field(discriminator="kind"),
]


class PlannedFault(BaseModel):
    """A pending fault, and how many requests it has affected so far (`struck`)."""

    id: str
    fault: Fault
    struck: int = 0


def breaks_connection(fault: Fault | None) -> bool:
    """True if the fault ends the connection without a complete answer."""
    return isinstance(fault, Hang) or (fault is not None and fault.kind == "drop")


class FaultQueue:
    """The pending faults, oldest first; each request takes at most one."""

    def __init__(self) -> None:
        self._planned: list[PlannedFault] = []

    def add(self, fault: Fault) -> PlannedFault:
        """Plan a fault and return its entry."""
        planned = PlannedFault(id=f"fault_{uuid4().hex[:12]}", fault=fault)
        self._planned.append(planned)
        return planned

    def pending(self) -> list[PlannedFault]:
        """Return the pending faults."""
        return list(self._planned)

    def clear(self, fault_id: str | None = None) -> int:
        """Remove one fault, or all of them; return how many were removed."""
        kept = [p for p in self._planned if fault_id is not None and p.id != fault_id]
        removed = len(self._planned) - len(kept)
        self._planned = kept
        return removed

    def take(self, api: Api, request_text: str) -> Fault | None:
        """Return the first fault that matches this request and count it, or None."""
        for planned in self._planned:
            fault = planned.fault
            matches_api = api == fault.api or (fault.api is None and api in {"responses", "chat"})
            if matches_api and (fault.match is None or fault.match in request_text):
                planned.struck += 1
                if fault.times is not None and planned.struck >= fault.times:
                    self._planned.remove(planned)
                return fault
        return None
