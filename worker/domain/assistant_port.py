"""What the worker needs from a language model: greetings, verdicts on replies, and transcripts of voice messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from shared.errors import LeadAssistantError
from shared.statuses import Intent


class AssistantError(LeadAssistantError):
    """The model gave nothing usable this time: malformed, cut off, refused."""


class AssistantUnavailableError(AssistantError):
    """The model cannot be reached; `wait` is its own word on when to come back, if it gave one.

    `for_everybody`: it says so to us, whichever lead we ask for.
    """

    def __init__(self, message: str, wait: timedelta | None = None, *, for_everybody: bool = False) -> None:
        super().__init__(message)
        self.wait = wait
        self.for_everybody = for_everybody


class AssistantPausedError(AssistantUnavailableError):
    """The owner has to act (quota, key, country): no calls are made until `wait` is over."""

    def __init__(self, message: str, wait: timedelta | None = None) -> None:
        super().__init__(message, wait, for_everybody=True)


@dataclass(frozen=True)
class Brief:
    """What the assistant may know of a lead: never a phone or a username.

    `local_time` is the person's own clock, or else the owner's. `further`: what they asked in later forms
    that nobody has spoken of yet. `met_before`: they have heard from us about an earlier request.
    """

    name: str
    request: Mapping[str, str] = field(default_factory=dict)
    local_time: datetime | None = None
    further: tuple[str, ...] = ()
    met_before: bool = False


@dataclass(frozen=True)
class Turn:
    """One side's words in the conversation so far."""

    ours: bool
    text: str


@dataclass(frozen=True)
class Usage:
    """What some calls to the model took; None where the server or the price list does not say."""

    model: str
    calls: int = 1
    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    latency_ms: int = 0


@dataclass(frozen=True)
class Greeting:
    """A first message; `refused`: why the model's own words were not fit to be sent, if they were not."""

    text: str
    usage: Usage | None = None
    refused: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What the new messages mean, and what to answer; `language` is an ISO 639-1 code.

    `facts` are what the answer rests on in the company's description, `needs_human` says why a human has to
    go on, `refused` why the model's own words were not fit to be sent.
    """

    intent: Intent
    text: str
    language: str
    confidence: float = 1.0
    facts: tuple[str, ...] = ()
    needs_human: str | None = None
    asks_not_to_be_contacted: bool = False
    usage: Usage | None = None
    refused: str | None = None


class Assistant(Protocol):
    """Writes and understands. Every method may raise AssistantError and its kinds."""

    async def greeting(self, brief: Brief) -> Greeting:
        """A first message: their name, their request to the company, an offer of a call; no link."""

    async def reply(self, brief: Brief, conversation: Sequence[Turn]) -> Verdict:
        """One verdict on the person's latest messages, which end the conversation; no link in its text."""

    async def transcribe(self, audio: bytes) -> str:
        """What is said in a voice or video message."""
