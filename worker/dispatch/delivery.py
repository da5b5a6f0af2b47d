"""Sends the queued messages of a lead in order, each under the random_id that was committed with it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from shared.clock import Clock
from shared.database.models import Message
from shared.group_commit import GroupCommit
from shared.leads import contact_evidence, pauses
from shared.logging_setup import size
from worker.dispatch.planned_check import PlannedCheck
from worker.domain.conversation import Conversation
from worker.domain.outcomes import (
    Delivered,
    NothingToDo,
    Outcome,
    PeerChanged,
    Suppressed,
    Undeliverable,
    Wait,
    WroteFirst,
)
from worker.domain.telegram_port import (
    CannotWriteError,
    Finder,
    PeerFloodError,
    RateLimitedError,
    Telegram,
    TelegramUnavailableError,
)
from worker.messaging import outbox
from worker.messaging.pause_scope import RECHECK_AFTER, is_paused
from worker.messaging.suppression import suppression_reasons
from worker.outreach.rate_limiter import OutreachRateLimiter

log = logging.getLogger(__name__)

# The speed of a quick typist. The time of `typing…` follows from the length of the text, up to the setting.
CHARACTERS_A_SECOND = 40
# Telegram shows `typing…` for six seconds.
TYPING_SHOWN_SECONDS = 5
# How long the answer to `typing…` is waited for, even if the text is shorter.
MAX_MANNERS_SECONDS = 1
# After a failure `typing…` is left out: the call may even drop the connection.
MANNERS_PAUSE = timedelta(minutes=10)
# The pause for an account that Telegram does not let answer.
FROZEN_PAUSE = timedelta(hours=1)


class MessageSender:
    """Sends queued messages from one account.

    `typing_seconds`: the longest time to show `typing…` before a message. `may_send`: returns False once the
    account lease may have expired. `finder`: checks before a first message that the contact still leads to
    the person; None: it is not checked. `planned`: checks follow-ups and reminders.
    """

    def __init__(  # noqa: PLR0913 - every collaborator of a send
        self,
        telegram: Telegram,
        rate_limiter: OutreachRateLimiter,
        clock: Clock,
        typing_seconds: float,
        may_send: Callable[[], bool],
        *,
        typing_shown: float = TYPING_SHOWN_SECONDS,
        finder: Finder | None = None,
        planned: PlannedCheck | None = None,
    ) -> None:
        self._telegram = telegram
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._typing_seconds = typing_seconds
        self._may_send = may_send
        self._typing_shown = typing_shown
        self._finder = finder
        self._planned = planned
        self._no_typing_until = clock()
        self._final_checks = GroupCommit(self._check_sends)

    async def deliver(self, conversation: Conversation, message: Message) -> Outcome:
        """Send one queued message; returns what came of it.

        Raises TelegramError if Telegram may or may not have the message. It is then sent again under the
        same random_id.
        """
        is_first = message.kind == "greeting"
        is_late = message.released_at is not None
        if message.random_id is None:
            raise ValueError(f"message {message.id} was queued without a random_id")
        refusal = self._check_restriction() or await self._check_first_message(conversation, message)
        refusal = refusal or await self._check_planned(conversation, message)
        if refusal is not None:
            return refusal
        try:
            await self._show_typing(conversation, message)
            # While `typing…` was shown, the person may have written: then nothing is added to it.
            obstacle = await self._check_planned(conversation, message, has_slot=True)
            # The last before the send: the do-not-contact list, a pause, a cancelled message.
            obstacle = obstacle or await self._final_checks.submit((conversation, message.id))
            if obstacle is not None:
                return obstacle
            if not self._may_send():
                raise TelegramUnavailableError("the account lease cannot be confirmed")
            sent = await self._telegram.send(conversation.peer, message.text, message.random_id)
        except CannotWriteError as error:
            return Undeliverable(message.id, str(error))
        except PeerFloodError as error:
            refused = await self._rate_limiter.on_peer_flood(error)
            return Wait(refused if is_first else min(refused, FROZEN_PAUSE), str(error))
        except RateLimitedError as error:
            return Wait(error.wait, str(error))
        await self._rate_limiter.on_delivered(is_first=is_first)
        log.info("lead %s: %s sent (%s)", conversation.id, message.kind, size(message.text))
        return Delivered(message.id, sent.message_id, self._clock(), is_late)

    def _check_restriction(self) -> Outcome | None:
        pause = self._rate_limiter.restriction.check()
        return Wait(pause.wait, pause.reason) if pause else None

    async def _check_planned(
        self, conversation: Conversation, message: Message, *, has_slot: bool = False
    ) -> Outcome | None:
        """Return why a follow-up or reminder is not sent now; None for other messages."""
        if self._planned is None or message.kind != "follow_up":
            return None
        return await self._planned.obstacle(conversation, message, has_slot=has_slot)

    async def _check_first_message(self, conversation: Conversation, message: Message) -> Outcome | None:
        """Return why a first message is not sent now; None if it may be sent, or is not the first."""
        is_greeting = message.kind == "greeting"
        if is_greeting and conversation.wrote_first:
            return WroteFirst()
        if is_greeting and (
            wait := await self._rate_limiter.reserve_first_message(conversation.lead, message)
        ):
            return wait
        if (reason := await self._changed_person(conversation)) is None:
            return None
        return PeerChanged(reason) if is_greeting else Undeliverable(message.id, reason)

    async def _changed_person(self, conversation: Conversation) -> str | None:
        """Return why the lead's contact leads to another person now; None if it does not, or need not lead.

        Usernames and phones change owners while a first message waits. Later the chat itself is the proof.
        """
        lead, finder = conversation.lead, self._finder
        if finder is None or conversation.has_begun:
            return None
        match contact_evidence.found_by(lead):
            case "username" if lead.username:
                return await finder.check_username(conversation.peer, lead.username)
            case "phone" if lead.phone_e164:
                return await finder.check_phone(conversation.peer, lead.phone_e164, lead.name)
        return None

    async def _check_sends(self, sends: Sequence[tuple[Conversation, int]]) -> Sequence[Outcome | None]:
        # While the message waited or `typing…` was shown, a human may have taken over, or the contact may
        # have been put on the suppression list.
        async with self._rate_limiter.database.reading() as session:
            queued = await outbox.queued_among(session, [message_id for _, message_id in sends])
            reasons = await suppression_reasons(session, [conversation for conversation, _ in sends])
            pause = await pauses.current(session)
        return [
            NothingToDo()
            if message_id not in queued
            else Suppressed(reason)
            if reason
            else Wait(RECHECK_AFTER, pauses.PAUSED)
            if is_paused(conversation, pause)
            else None
            for (conversation, message_id), reason in zip(sends, reasons, strict=True)
        ]

    async def _show_typing(self, conversation: Conversation, message: Message) -> None:
        """Show `typing…` for as long as typing the text takes; repeat it, since Telegram shows it briefly.

        It is optional: whatever Telegram answers, or if it does not answer, the message is sent in time.
        """
        seconds = min(self._typing_seconds, len(message.text) / CHARACTERS_A_SECOND)
        if self._clock() < self._no_typing_until:
            await asyncio.sleep(seconds)
            return
        read_until = conversation.newest_received_id
        while seconds > 0:
            shown = min(seconds, self._typing_shown)
            showing = asyncio.create_task(self._telegram.show_typing(conversation.peer, read_until))
            try:
                await asyncio.gather(asyncio.sleep(shown), _within(showing, max(shown, MAX_MANNERS_SECONDS)))
            finally:
                showing.cancel()
            seconds -= shown
            if not await _has_succeeded(showing):
                self._no_typing_until = self._clock() + MANNERS_PAUSE
                await asyncio.sleep(max(seconds, 0))
                return


async def _within(call: asyncio.Task[None], seconds: float) -> None:
    await asyncio.wait({call}, timeout=seconds)


async def _has_succeeded(call: asyncio.Task[None]) -> bool:
    """Return True if a call that has ended, or was cancelled, has succeeded."""
    (error,) = await asyncio.gather(call, return_exceptions=True)
    if isinstance(error, Exception):
        log.debug("`typing…` could not be shown: %s", error)
    return error is None
