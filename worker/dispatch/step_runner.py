"""Runs the next action of a leased lead: sends its queued message, or runs the step of its status."""

from dataclasses import dataclass

from shared.clock import Clock
from shared.statuses import LeadStatus
from worker.dispatch import step_failures
from worker.dispatch.delivery import MessageSender
from worker.dispatch.steps.open_questions import note_open_question
from worker.dispatch.steps.registry import STEPS, StepDependencies
from worker.domain.assistant_port import (
    AssistantError,
    AssistantRejectedError,
    AssistantUnavailableError,
)
from worker.domain.circuit_breaker import OutageTrackers
from worker.domain.conversation import Conversation
from worker.domain.current_lead import step_of
from worker.domain.outcomes import NothingToDo, Outcome, Wait, proves_reachable
from worker.domain.telegram_port import (
    PeerFloodError,
    RateLimitedError,
    SessionRevokedError,
    SlotUnavailableError,
    TelegramError,
)
from worker.outreach.rate_limiter import OutreachRateLimiter

# Errors that say themselves what to do.
_DECIDED_BY_THE_DISPATCHER = (SessionRevokedError, RateLimitedError, SlotUnavailableError, PeerFloodError)


@dataclass(frozen=True)
class StepRunner:
    """Runs steps under the outages of what they call."""

    dependencies: StepDependencies
    sender: MessageSender
    rate_limiter: OutreachRateLimiter
    outages: OutageTrackers
    clock: Clock
    max_attempts: int

    async def run(self, conversation: Conversation) -> Outcome:
        """Return the outcome of the next action. Raises what Telegram or the model raised, but no outage."""
        outage = self.outages.of(step_failures.outage_name(conversation))
        dependencies = step_failures.dependencies_for(
            self.dependencies, outage, conversation, now=self.clock(), max_attempts=self.max_attempts
        )
        if not step_failures.needs_model(conversation):
            # Telegram is left alone too while it fails: one lead tries for all.
            wait = outage.hold(conversation.id, self.clock())
            if wait is not None:
                return Wait(wait, outage.reason)
        outage.begin(conversation.id)
        try:
            with step_of(conversation.id):
                outcome = await self._next_action(conversation, dependencies)
        except _DECIDED_BY_THE_DISPATCHER:
            raise
        except (AssistantUnavailableError, TelegramError) as error:
            failed = step_failures.on_unavailable(
                outage, conversation, error, now=self.clock(), max_attempts=self.max_attempts
            )
            return self._as_promised(conversation, failed)
        except AssistantRejectedError:
            # It refuses this lead's request; others may be refused too.
            raise
        except AssistantError:
            # The model answers, if only with something that is of no use.
            outage.succeeded(conversation.id)
            raise
        finally:
            outage.release(conversation.id)
        if proves_reachable(outcome):
            outage.succeeded(conversation.id)
        return outcome

    def on_failure(self, conversation: Conversation | None, error: Exception) -> Outcome:
        """Return the outcome of an action that raised; `conversation` is None if it could not be read."""
        outcome = step_failures.retry_or_hand_over(conversation, error, max_attempts=self.max_attempts)
        return outcome if conversation is None else self._as_promised(conversation, outcome)

    def _as_promised(self, conversation: Conversation, outcome: Outcome) -> Outcome:
        """Return the outcome of a failure; without OWNER_CHAT a handover promises no colleague's answer."""
        return note_open_question(outcome, conversation, owner_is_told=self.dependencies.owner_is_told)

    async def _next_action(self, conversation: Conversation, dependencies: StepDependencies) -> Outcome:
        lead = conversation.lead
        if conversation.queued is not None:
            return await self.sender.deliver(conversation, conversation.queued)
        if conversation.has_draft:
            return NothingToDo()
        if lead.status is LeadStatus.PENDING and (wait := self.rate_limiter.check_hours(lead)):
            return wait
        step = STEPS.get(lead.status)
        return NothingToDo() if step is None else await step(conversation, dependencies)
