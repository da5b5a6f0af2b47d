"""The port to the language model: greetings, verdicts on replies, transcripts of voice messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, TypeVar

from shared.errors import LeadAssistantError
from shared.intents import Intent

NumberT = TypeVar("NumberT", int, float)


class AccountFault(StrEnum):
    """What the owner has to fix before any call can succeed."""

    KEY = "key"
    MONEY = "money"
    COUNTRY = "country"
    MODEL = "model"
    WIRE_FORM = "wire form"


class Wish(StrEnum):
    """What a person asks for, beside their answer to the offer of a call."""

    NONE = "none"
    CALL_ME = "call_me"
    BOOKING_TROUBLE = "booking_trouble"
    RESCHEDULE = "reschedule"
    WRITE_LATER = "write_later"
    WRONG_PERSON = "wrong_person"
    HUMAN = "human"


class AssistantError(LeadAssistantError):
    """The model returned nothing usable: the answer was malformed, cut off or refused."""


class AssistantRejectedError(AssistantError):
    """The server refused the request instead of answering: this proves nothing about other leads' calls."""


class AssistantRefusedError(AssistantRejectedError):
    """The provider refuses these messages, not the account: asking again is of no use."""


class AssistantUnavailableError(AssistantError):
    """The model cannot be reached; `wait` is the pause that the provider asked for, if any.

    `provider_wide`: the failure would be the same for every lead, so it counts against none of them.
    `slow`: there was no answer in time. If others are answered meanwhile, it counts against this lead.
    """

    def __init__(
        self,
        message: str,
        wait: timedelta | None = None,
        *,
        provider_wide: bool = False,
        slow: bool = False,
    ) -> None:
        super().__init__(message)
        self.wait = wait
        self.provider_wide = provider_wide
        self.slow = slow


class AssistantPausedError(AssistantUnavailableError):
    """The owner has to act (see `fault`); the client makes no calls until `wait` is over.

    Unless `provider_wide`, only this lead waits: others may be answered.
    """

    def __init__(
        self,
        message: str,
        wait: timedelta | None = None,
        *,
        fault: AccountFault = AccountFault.KEY,
        provider_wide: bool = True,
    ) -> None:
        super().__init__(message, wait, provider_wide=provider_wide)
        self.fault = fault


@dataclass(frozen=True)
class Brief:
    """What the assistant may know about a lead: never a phone or a username.

    `local_time` is in the contact's time zone, or in the owner's if that is unknown. `later_requests` are
    later forms of the contact that no message has mentioned yet. `is_returning`: we wrote to the contact
    about an earlier request. `is_unconfirmed`: the person has not confirmed that they left the request, which
    is therefore left out. `confirmation`: the words with which they have just confirmed it. `first_words`:
    what the contact wrote before we have written to them.
    """

    name: str
    request: Mapping[str, str] = field(default_factory=dict)
    local_time: datetime | None = None
    later_requests: tuple[str, ...] = ()
    is_returning: bool = False
    is_unconfirmed: bool = False
    confirmation: str = ""
    first_words: str = ""


@dataclass(frozen=True)
class Turn:
    """Consecutive text of one side in the conversation.

    `own_words`: what of it the contact expresses, without quoted and forwarded messages; None: all of it.
    """

    from_us: bool
    text: str
    own_words: str | None = field(default=None, compare=False)

    @property
    def expressed(self) -> str:
        """What the side itself expresses."""
        return self.text if self.own_words is None else self.own_words


@dataclass(frozen=True)
class Usage:
    """Tokens, cost and time of model calls; None if the server or the price list does not tell."""

    model: str
    calls: int = 1
    tokens_in: int | None = None
    tokens_cached: int | None = None
    tokens_out: int | None = None
    cost_usd: float | None = None
    latency_ms: int = 0

    def __add__(self, later: "Usage") -> "Usage":
        """Return the usage of both calls; a figure that one of them lacks is None."""
        return Usage(
            later.model,
            self.calls + later.calls,
            _add(self.tokens_in, later.tokens_in),
            _add(self.tokens_cached, later.tokens_cached),
            _add(self.tokens_out, later.tokens_out),
            _add(self.cost_usd, later.cost_usd),
            self.latency_ms + later.latency_ms,
        )


def _add(first: NumberT | None, second: NumberT | None) -> NumberT | None:
    if first is None or second is None:
        return None
    total = first + second
    # The columns are 32-bit: a larger figure is nonsense, and no answer is lost for it.
    return total if total < 2**31 else None


@dataclass(frozen=True)
class Greeting:
    """A first message; `refused` is why the guardrails refused the model's text, if they did.

    `is_fixed`: the text is the owner's template, and the model was not asked.
    """

    text: str
    usage: Usage | None = None
    refused: str | None = None
    is_fixed: bool = False


@dataclass(frozen=True)
class Verdict:
    """The intent of the unanswered messages, and the answer; `language` is an ISO 639-1 code.

    `facts` are the quotes from the company profile that support the answer. `needs_human` is the reason for a
    handoff, if one is needed. `refused` is why the guardrails refused the model's text, if they did.
    `write_at` is when the person asks to be written to, in their local time; it is in the future.
    """

    intent: Intent
    text: str
    language: str
    confidence: float = 1.0
    facts: tuple[str, ...] = ()
    needs_human: str | None = None
    do_not_contact: bool = False
    usage: Usage | None = None
    refused: str | None = None
    wish: Wish = Wish.NONE
    write_at: datetime | None = None


class Assistant(Protocol):
    """The language model as the worker sees it. Every method may raise AssistantError or a subclass."""

    async def greeting(self, brief: Brief) -> Greeting:
        """Return a first message: the contact's name, their request, the offer of a call, no link."""

    async def reply(self, brief: Brief, conversation: Sequence[Turn]) -> Verdict:
        """Return a verdict on the last turn, which holds all unanswered messages; its text has no link."""

    async def follow_up(
        self, brief: Brief, conversation: Sequence[Turn], fixed: str, *, is_last: bool
    ) -> Greeting:
        """Return a message to a person who has not answered the last turns; it has no link.

        `fixed` is the text without the model. `is_last`: it says that no further message follows.
        """

    async def transcribe(self, audio: bytes) -> str:
        """Return the words of a voice or video message (Ogg or MP4)."""
