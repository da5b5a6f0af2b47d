"""The step for each status of a lead, and what all steps need."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from types import MappingProxyType

from shared.clock import Clock
from shared.statuses import REPLIED_TO, LeadStatus
from worker.bookings import links
from worker.dispatch.steps.confirm import confirm
from worker.dispatch.steps.find_contact import find_contact
from worker.dispatch.steps.greet import GreetingConfig, greet
from worker.dispatch.steps.introduce import introduce
from worker.dispatch.steps.open_questions import note_open_question
from worker.dispatch.steps.opt_out import grant_opt_out
from worker.dispatch.steps.planned import PlanConfig, write_planned
from worker.dispatch.steps.reply import reply
from worker.dispatch.steps.return_to_assistant import return_to_assistant
from worker.dispatch.steps.transcribe import transcribe
from worker.domain.assistant_port import Assistant
from worker.domain.config.follow_up_config import FollowUpConfig
from worker.domain.config.outreach_hours import Hours
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Outcome, QueueMessage, WroteFirst
from worker.domain.telegram_port import Finder, Telegram
from worker.follow_ups.decisions import planner_of
from worker.messaging.first_contact.inbound_leads import SOURCE as INBOUND_SOURCE

DEFAULT_PLAN = PlanConfig(planner_of(FollowUpConfig()), follow_ups_on=True, company="")


@dataclass(frozen=True)
class StepDependencies:
    """The ports and settings that steps need."""

    finder: Finder
    assistant: Assistant
    greeting_config: GreetingConfig
    booking_link: str
    # How long an unavailable service is waited for. Afterwards a template greets the lead, or a voice message
    # is marked as not heard.
    model_timeout: timedelta
    clock: Clock
    # The owner's time zone, for contacts whose own is unknown.
    zone: tzinfo = UTC
    hours: Hours | None = None
    # Downloads voice messages; None: they are not transcribed.
    voices: Telegram | None = None
    # How each lead's own booking link is made of `booking_link`; None: by the scheduler's own fields.
    booking_link_template: str | None = None
    # Messages that answer no words of the person.
    plan: PlanConfig = DEFAULT_PLAN
    # False without OWNER_CHAT: then no text promises that a colleague will be asked.
    owner_is_told: bool = False


Step = Callable[[Conversation, StepDependencies], Awaitable[Outcome]]


async def _find_contact(conversation: Conversation, dependencies: StepDependencies) -> Outcome:
    if conversation.wrote_first:
        return WroteFirst()
    return await find_contact(conversation, dependencies.finder)


async def _greet(conversation: Conversation, dependencies: StepDependencies) -> Outcome:
    if conversation.wrote_first:
        return WroteFirst()
    outcome = await greet(
        conversation,
        dependencies.assistant,
        dependencies.greeting_config,
        now=dependencies.clock(),
        zone=dependencies.zone,
        model_timeout=dependencies.model_timeout,
    )
    return note_open_question(outcome, conversation, owner_is_told=dependencies.owner_is_told)


async def _reply(conversation: Conversation, dependencies: StepDependencies) -> Outcome:
    now = dependencies.clock().astimezone(dependencies.zone)
    if dependencies.voices is not None:
        transcribed = await transcribe(
            conversation,
            dependencies.voices,
            dependencies.assistant,
            now=now,
            model_timeout=dependencies.model_timeout,
        )
        if transcribed is not None:
            return transcribed
    token = conversation.lead.booking_token or links.new_token()
    link = links.personal_link(
        dependencies.booking_link,
        token,
        conversation.display_name,
        template=dependencies.booking_link_template,
    )
    if not conversation.unanswered:
        outcome = await write_planned(
            conversation, dependencies.assistant, dependencies.plan, now=now, link=link
        )
    else:
        outcome = await _answer(conversation, dependencies, now, link)
    if isinstance(outcome, QueueMessage) and link in outcome.text:
        # Stored together with the message: the booking of this link is the lead's.
        outcome = replace(outcome, booking_token=token)
    return note_open_question(outcome, conversation, owner_is_told=dependencies.owner_is_told)


async def _answer(
    conversation: Conversation, dependencies: StepDependencies, now: datetime, booking_link: str
) -> Outcome:
    opted_out = grant_opt_out(conversation)
    if opted_out is not None:
        return opted_out
    if conversation.is_unconfirmed:
        return await confirm(
            conversation,
            dependencies.assistant,
            dependencies.greeting_config,
            now=now,
            model_timeout=dependencies.model_timeout,
            hours=dependencies.hours,
            booking_link=booking_link,
        )
    # A stranger who writes first has left no request that a greeting could name.
    if not conversation.has_written and conversation.lead.source != INBOUND_SOURCE:
        return await introduce(
            conversation,
            dependencies.assistant,
            dependencies.greeting_config,
            booking_link=booking_link,
            now=now,
            model_timeout=dependencies.model_timeout,
            hours=dependencies.hours,
        )
    return await reply(
        conversation,
        dependencies.assistant,
        booking_link=booking_link,
        now=now,
        hours=dependencies.hours,
    )


async def _return_to_assistant(conversation: Conversation, dependencies: StepDependencies) -> Outcome:
    return return_to_assistant(conversation, now=dependencies.clock())


STEPS: Mapping[LeadStatus, Step] = MappingProxyType(
    {
        LeadStatus.PENDING: _find_contact,
        LeadStatus.RESOLVED: _greet,
        LeadStatus.HANDED_OFF: _return_to_assistant,
    }
    | dict.fromkeys(sorted(REPLIED_TO), _reply)
)
