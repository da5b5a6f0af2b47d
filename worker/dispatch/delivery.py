"""Sends the queued messages of a lead in order, each under the random_id that was committed with it."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from shared.clock import Clock
from shared.database.models import Message
from shared.group_commit import GroupCommit
from shared.logging_setup import size
from worker.domain.conversation import Conversation
from worker.domain.outcomes import Delivered, NothingToDo, Outcome, Suppressed, Undeliverable, Wait
from worker.domain.telegram_port import (
    CannotWriteError,
    PeerFloodError,
    RateLimitedError,
    Telegram,
    TelegramUnavailableError,
)
from worker.messaging import outbox
from worker.messaging.suppression import suppression_reasons
from worker.outreach.rate_limiter import OutreachRateLimiter

log = logging.getLogger(__name__)

# The speed of a quick typist. The time of `typing…` follows from the length of the text, up to the setting.
CHARACTERS_A_SECOND = 40
# Telegram shows `typing…` for six seconds.
TYPING_SHOWN_SECONDS = 5
# The pause for an account that Telegram does not let answer.
FROZEN_PAUSE = timedelta(hours=1)


class Sender:
    """Sends queued messages from one account.

    `typing_seconds`: the longest time to show `typing…` before a message. `may_send`: returns False once the
    account lease may have expired.
    """

    def __init__(
        self,
        telegram: Telegram,
        rate_limiter: OutreachRateLimiter,
        clock: Clock,
        typing_seconds: float,
        may_send: Callable[[], bool],
        *,
        typing_shown: float = TYPING_SHOWN_SECONDS,
    ) -> None:
        self._telegram = telegram
        self._rate_limiter = rate_limiter
        self._clock = clock
        self._typing_seconds = typing_seconds
        self._may_send = may_send
        self._typing_shown = typing_shown
        self._final_checks = GroupCommit(self._check_sends)

    async def deliver(self, conversation: Conversation, message: Message) -> Outcome:
        """Send one queued message; returns what came of it.

        Raises TelegramError if Telegram may or may not have the message. It is then sent again under the
        same random_id.
        """
        is_first = message.kind == "greeting"
        is_late = message.released_at is not None
        if is_first and (wait := await self._rate_limiter.reserve_first_message(conversation.lead, message)):
            return wait
        if message.random_id is None:
            raise ValueError(f"message {message.id} was queued without a random_id")
        try:
            await self._show_typing(conversation, message)
            if (obstacle := await self._final_checks.submit((conversation, message.id))) is not None:
                return obstacle
            if not self._may_send():
                raise TelegramUnavailableError("the account lease cannot be confirmed")
            sent = await self._telegram.send(conversation.peer, message.text, message.random_id)
        except CannotWriteError as error:
            return Undeliverable(message.id, str(error))
        except PeerFloodError as error:
            refused = await self._rate_limiter.on_peer_flood(str(error))
            return Wait(refused if is_first else FROZEN_PAUSE, str(error))
        except RateLimitedError as error:
            return Wait(error.wait, str(error))
        if is_first:
            await self._rate_limiter.on_first_message_delivered()
        log.info("lead %s: %s sent (%s)", conversation.id, message.kind, size(message.text))
        return Delivered(message.id, sent.message_id, self._clock(), is_late)

    async def _check_sends(self, sends: Sequence[tuple[Conversation, int]]) -> Sequence[Outcome | None]:
        # While the message waited or `typing…` was shown, a human may have taken over, or the contact may
        # have been put on the suppression list.
        async with self._rate_limiter.database.reading() as session:
            queued = await outbox.queued_among(session, [message_id for _, message_id in sends])
            reasons = await suppression_reasons(session, [conversation for conversation, _ in sends])
        return [
            NothingToDo() if message_id not in queued else Suppressed(reason) if reason else None
            for (_, message_id), reason in zip(sends, reasons, strict=True)
        ]

    async def _show_typing(self, conversation: Conversation, message: Message) -> None:
        """Show `typing…` for as long as typing the text takes; repeat it, since Telegram shows it briefly."""
        seconds = min(self._typing_seconds, len(message.text) / CHARACTERS_A_SECOND)
        while seconds > 0:
            try:
                await self._telegram.show_typing(conversation.peer)
            except RateLimitedError:
                # `typing…` is optional; the message is still sent.
                return
            await asyncio.sleep(min(seconds, self._typing_shown))
            seconds -= self._typing_shown
