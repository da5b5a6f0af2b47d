"""What becomes of a lead whose step failed: it waits, tries again, or a human takes over."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.exc import DataError, DBAPIError, StatementError

from shared.errors import LeadAssistantError
from shared.statuses import REPLIED_TO, LeadStatus
from worker.assistant.cleaning import clean_line
from worker.dialogue import templates
from worker.dispatch.steps import responses
from worker.dispatch.steps.opt_out import grant_opt_out
from worker.dispatch.steps.registry import StepDependencies
from worker.domain.assistant_port import (
    Assistant,
    AssistantError,
    AssistantPausedError,
    AssistantRefusedError,
    AssistantUnavailableError,
    Brief,
    Greeting,
    Verdict,
)
from worker.domain.circuit_breaker import OutageTracker
from worker.domain.conversation import Conversation
from worker.domain.outcomes import NoReplyNeeded, Outcome, QueueMessage, Retry, Transcribed, Wait
from worker.domain.telegram_port import TelegramError, TelegramUnavailableError, UnexplainedRefusalError

log = logging.getLogger(__name__)

# A person does not wait longer for a model whose answers are unusable.
MAX_UNUSABLE_ANSWERS = 3
MAX_ERROR_LENGTH = 200
# Kinds of calls that the model answers (see Conversation.dependency): they have one outage in common.
_OF_THE_MODEL = frozenset({"greeting", "reply"})


class ModelHeldError(AssistantUnavailableError):
    """No call was made: the model is left alone until it is this lead's turn."""


@dataclass(frozen=True)
class UnavailableAssistant(Assistant):
    """Stands in for the model while it is left alone: every call fails without a request."""

    reason: str
    wait: timedelta

    def _error(self) -> ModelHeldError:
        return ModelHeldError(self.reason, self.wait, provider_wide=True)

    async def greeting(self, brief: Brief) -> Greeting:  # noqa: ARG002 - of the port
        """Raise ModelHeldError."""
        raise self._error()

    async def reply(self, brief: Brief, conversation: object) -> Verdict:  # noqa: ARG002 - of the port
        """Raise ModelHeldError."""
        raise self._error()

    async def follow_up(
        self,
        brief: Brief,  # noqa: ARG002 - of the port
        conversation: object,  # noqa: ARG002 - of the port
        fixed: str,  # noqa: ARG002 - of the port
        *,
        is_last: bool,  # noqa: ARG002 - of the port
    ) -> Greeting:
        """Raise ModelHeldError."""
        raise self._error()

    async def transcribe(self, audio: bytes) -> str:  # noqa: ARG002 - of the port
        """Raise ModelHeldError."""
        raise self._error()


def outage_name(conversation: Conversation) -> str:
    """Return the name of the outage tracker of the next call of this conversation."""
    return "model" if needs_model(conversation) else conversation.dependency


def needs_model(conversation: Conversation) -> bool:
    """Return True if the next step may call the model."""
    return conversation.dependency in _OF_THE_MODEL


def dependencies_for(
    dependencies: StepDependencies,
    outage: OutageTracker,
    conversation: Conversation,
    *,
    now: datetime,
    max_attempts: int,
) -> StepDependencies:
    """Return the dependencies of a step: without the model while it is left alone for this lead.

    In the last attempt nothing is waited for: a template greets the lead.
    """
    if not needs_model(conversation):
        return dependencies
    if conversation.lead.attempts + 1 >= max_attempts:
        dependencies = replace(dependencies, model_timeout=timedelta())
    wait = outage.hold(conversation.id, now)
    if wait is None:
        return dependencies
    return replace(dependencies, assistant=UnavailableAssistant(outage.reason, wait))


def on_unavailable(
    outage: OutageTracker,
    conversation: Conversation,
    error: AssistantUnavailableError | TelegramError,
    *,
    now: datetime,
    max_attempts: int,
) -> Outcome:
    """Return a wait while the dependency is down for everybody, else a counted attempt of this lead."""
    if isinstance(error, ModelHeldError) and error.wait is not None:
        return Wait(error.wait, str(error))
    # A pause of the assistant is logged when it begins.
    if not outage.is_ongoing and not isinstance(error, AssistantPausedError):
        log.warning("%s", error)
    wait, provider_wide, slow = None, False, False
    if isinstance(error, AssistantUnavailableError):
        wait, provider_wide, slow = error.wait, error.provider_wide, error.slow
    elif not isinstance(error, TelegramUnavailableError | UnexplainedRefusalError):
        # A call that is wrong in itself, such as a text that is too long, unless every lead gets this error.
        slow = True
    pause = outage.failed(conversation.id, now, str(error), wait=wait, provider_wide=provider_wide, slow=slow)
    if pause is not None:
        return Wait(pause, str(error))
    return retry_or_hand_over(conversation, error, max_attempts=max_attempts)


def retry_or_hand_over(conversation: Conversation | None, error: Exception, *, max_attempts: int) -> Outcome:
    """Return a counted attempt; after the last one, a person who waits for a reply gets a human.

    An AssistantRefusedError is final at once. `conversation` is None if it could not be read.
    """
    name = str(error) if isinstance(error, LeadAssistantError) else describe(error)
    is_answer = isinstance(error, AssistantError) and not isinstance(error, AssistantUnavailableError)
    tries = min(max_attempts, MAX_UNUSABLE_ANSWERS) if is_answer else max_attempts
    if conversation is None or not _waits_for_reply(conversation):
        return Retry(name)
    if isinstance(error, AssistantRefusedError) or conversation.lead.attempts + 1 >= tries:
        return hand_over(conversation, name)
    return Retry(name)


def describe(error: Exception) -> str:
    """Return the name and the first line of an unexpected error."""
    # Further lines of a database error hold the statement and its values.
    first = clean_line((str(error).splitlines() or [""])[0], MAX_ERROR_LENGTH)
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


def hand_over(conversation: Conversation, reason: str) -> Outcome:
    """Return the notice that a colleague will answer, which hands the conversation over with this reason.

    A plain wish not to be written to is granted instead: a voice message beside it may be what fails.
    """
    if (granted := grant_opt_out(conversation)) is not None:
        return granted
    return QueueMessage(
        "answer",
        responses.reply_key(conversation),
        templates.handoff_notice(conversation.language),
        LeadStatus.HANDED_OFF,
        tuple(message.id for message in conversation.unanswered),
        reason=reason,
        without_model=True,
    )


def is_unstorable(outcome: Outcome, error: Exception) -> bool:
    """Return True if the database refuses a value of the model's answer: that is no outage."""
    if not isinstance(outcome, QueueMessage | NoReplyNeeded | Transcribed):
        return False
    if isinstance(outcome, QueueMessage) and outcome.without_model:
        return False
    if isinstance(error, DBAPIError):
        return isinstance(error, DataError)
    return isinstance(error, StatementError | ValueError | OverflowError | TypeError)


def unstorable(error: Exception) -> AssistantError:
    """Return the error of an answer that the database refuses."""
    return AssistantError(f"the model's answer cannot be stored: {describe(error)}")


def _waits_for_reply(conversation: Conversation) -> bool:
    return (
        conversation.lead.status in REPLIED_TO
        and conversation.queued is None
        and not conversation.has_draft
        and bool(conversation.unanswered)
    )
