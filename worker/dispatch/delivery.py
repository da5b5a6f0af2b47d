"""Sends what is queued for a lead, in order, each under the random_id that was committed with it."""

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

# A quick typist's pace; the time shown typing follows the text's length up to the setting.
CHARACTERS_A_SECOND = 40
# Telegram shows `typing…` for six seconds.
TYPING_SHOWN_SECONDS = 5
# An account that may not even answer is tried again after this.
FROZEN_PAUSE = timedelta(hours=1)


class Sender:
    """`typing_seconds`: most time spent showing `typing…`; `may_speak`: whether the account is still ours."""

    def __init__(
        self,
        telegram: Telegram,
        pace: OutreachRateLimiter,
        clock: Clock,
        typing_seconds: float,
        may_speak: Callable[[], bool],
        *,
        typing_shown: float = TYPING_SHOWN_SECONDS,
    ) -> None:
        self._telegram = telegram
        self._pace = pace
        self._clock = clock
        self._typing_seconds = typing_seconds
        self._may_speak = may_speak
        self._typing_shown = typing_shown
        self._last_looks = GroupCommit(self._look_once_more)

    async def deliver(self, work: Conversation, message: Message) -> Outcome:
        """Send one queued message. An unknown outcome raises, and the same message is tried again."""
        first = message.kind == "greeting"
        is_late = message.released_at is not None
        if first and (wait := await self._pace.reserve_first_message(work.lead, message)):
            return wait
        if message.random_id is None:
            raise ValueError(f"message {message.id} was queued without an identity")
        try:
            await self._type(work, message)
            if (not_now := await self._last_looks.submit((work, message.id))) is not None:
                return not_now
            if not self._may_speak():
                raise TelegramUnavailableError("whose account this is cannot be confirmed")
            sent = await self._telegram.send(work.peer, message.text, message.random_id)
        except CannotWriteError as error:
            return Undeliverable(message.id, str(error))
        except PeerFloodError as error:
            refused = await self._pace.on_peer_flood(str(error))
            return Wait(refused if first else FROZEN_PAUSE, str(error))
        except RateLimitedError as error:
            return Wait(error.wait, str(error))
        if first:
            await self._pace.on_first_message_delivered()
        log.info("lead %s: %s sent (%s)", work.id, message.kind, size(message.text))
        return Delivered(message.id, sent.message_id, self._clock(), is_late)

    async def _look_once_more(self, sends: Sequence[tuple[Conversation, int]]) -> Sequence[Outcome | None]:
        # Taken over by a human, or listed, while it waited for its turn or was being typed.
        async with self._pace.database.reading() as session:
            queued = await outbox.queued_among(session, [message_id for _, message_id in sends])
            silent = await suppression_reasons(session, [work for work, _ in sends])
        return [
            NothingToDo() if message_id not in queued else Suppressed(why) if why else None
            for (_, message_id), why in zip(sends, silent, strict=True)
        ]

    async def _type(self, work: Conversation, message: Message) -> None:
        """As long as typing the text takes, shown anew as often as Telegram wants it."""
        seconds = min(self._typing_seconds, len(message.text) / CHARACTERS_A_SECOND)
        while seconds > 0:
            try:
                await self._telegram.show_typing(work.peer)
            except RateLimitedError:
                # Good manners may be left out; the message may not.
                return
            await asyncio.sleep(min(seconds, self._typing_shown))
            seconds -= self._typing_shown
