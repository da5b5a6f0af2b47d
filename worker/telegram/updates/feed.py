"""The stream of updates: the account's own state (pts), the gaps in it, and what is passed on.

See core.telegram.org/api/updates. Channels and large groups have states of their own, which are not followed:
their updates are dropped here, and cost no call.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyrogram import raw

from worker.telegram.updates.batches import is_of_channel, unpack
from worker.telegram.updates.people import Users, by_id

log = logging.getLogger(__name__)
types = raw.types

MAX_PASSED = 1000
# Called with an update of a private chat or of the account, and the people of the update by id.
UpdateHandler = Callable[[Any, Users], None]


@dataclass
class UpdateState:
    """How far the account's updates are known; `pts` is None before the first call."""

    pts: int | None = None
    qts: int = 0
    date: int = 0
    seq: int = 0

    def replace_with(self, state: Any) -> None:
        """Take over an updates.State of Telegram."""
        self.pts, self.qts, self.date, self.seq = state.pts, state.qts, state.date, state.seq


class UpdateFeed:
    """Implements worker_client.Feed: passes updates to `deliver` in order; sets `gap` if some are missing.

    `on_start_problem`: called with the reason while no connection can be set up.
    """

    def __init__(self, deliver: UpdateHandler, on_start_problem: Callable[[Exception], None]) -> None:
        self._deliver = deliver
        self._on_start_problem = on_start_problem
        self.state = UpdateState()
        self.gap = asyncio.Event()
        # Between a gap and its recovery the state must stay where it is: it tells where to begin.
        self.is_recovering = False
        # The recovery fails, and the next try may be minutes away: short messages do not wait for it.
        self.is_without_recovery = False
        # Messages in the short form, without their author: they count only if the recovery fails.
        self._short: list[Any] = []
        # The latest messages that were passed on: a recovery returns those once more.
        self._passed: OrderedDict[int, None] = OrderedDict()

    def on_updates(self, updates: Any) -> None:
        """Pass the updates of private chats on, and advance the state."""
        match updates:
            case types.UpdateShortMessage():
                # The recovery returns this message with its author.
                self._short += unpack(updates).updates
                self.gap.set()
                if self.is_without_recovery:
                    self.pass_on_short()
            case types.UpdatesTooLong():
                self.gap.set()
            case types.UpdateShortChatMessage():
                self._advance(updates)
            case _:
                batch = unpack(updates)
                users = by_id(batch.users)
                for update in batch.updates:
                    self.pass_on(update, users)

    def on_answer(self, answer: Any) -> None:
        """Advance the state by an own call, such as a message that was sent."""
        if isinstance(answer, types.Updates | types.UpdatesCombined):
            for update in answer.updates:
                if not is_of_channel(update):
                    self._advance(update)
        elif not isinstance(answer, _ANSWERS_OF_RECOVERY):
            self._advance(answer)

    def on_possible_gap(self) -> None:
        """Have the missing updates fetched."""
        self.gap.set()

    def on_start_problem(self, error: Exception) -> None:
        """Report why there is no connection."""
        self._on_start_problem(error)

    def pass_on(self, update: Any, users: Users) -> None:
        """Pass one update on, unless it belongs to a channel or a group."""
        if is_of_channel(update):
            return
        self._advance(update)
        if not is_of_group(update):
            if isinstance(update, types.UpdateNewMessage):
                self._passed[update.message.id] = None
                if len(self._passed) > MAX_PASSED:
                    self._passed.popitem(last=False)
            try:
                self._deliver(update, users)
            except Exception:
                log.exception("an update of type %s could not be handled", type(update).__name__)

    def pass_on_missed(self, update: Any, users: Users) -> None:
        """Pass on an update of a recovery, unless it is a message that has arrived by itself meanwhile."""
        if not isinstance(update, types.UpdateNewMessage) or update.message.id not in self._passed:
            self.pass_on(update, users)

    def take_short(self) -> list[Any]:
        """Return the messages in short form that have arrived since the last call."""
        taken, self._short = self._short, []
        return taken

    def pass_on_short(self) -> None:
        """Pass on the messages in short form: they came with all that is needed to handle them."""
        for update in self.take_short():
            self.pass_on(update, {})

    def _advance(self, step: Any) -> None:
        pts, count = getattr(step, "pts", None), getattr(step, "pts_count", None)
        if pts is None or count is None or self.state.pts is None:
            return
        if self.is_recovering or self.gap.is_set():
            return
        if pts == self.state.pts + count:
            self.state.pts = pts
        elif pts > self.state.pts + count:
            self.gap.set()


# Their states are handled by the recovery.
_ANSWERS_OF_RECOVERY = (
    types.updates.State,
    types.updates.Difference,
    types.updates.DifferenceSlice,
    types.updates.DifferenceEmpty,
    types.updates.DifferenceTooLong,
)


def is_of_group(update: Any) -> bool:
    """True for an update of a basic group; it counts in the account's own state."""
    peers = (getattr(update, "peer", None), getattr(getattr(update, "message", None), "peer_id", None))
    return getattr(update, "chat_id", None) is not None or any(
        isinstance(peer, types.PeerChat) for peer in peers
    )
