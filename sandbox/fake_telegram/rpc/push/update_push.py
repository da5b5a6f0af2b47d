"""Pushes updates to an account's other sessions, and applies push faults."""

from collections.abc import Callable

from sandbox.fake_telegram.faults import PUSH, Faults
from sandbox.fake_telegram.settings import Settings
from sandbox.fake_telegram.state.mailbox import Event
from sandbox.fake_telegram.state.people import Account
from sandbox.fake_telegram.state.world import World
from sandbox.fake_telegram.tl import messages as tl

# Sends the bytes to the account's sessions except the one that caused the event.
Deliver = Callable[[Account, bytes, bytes | None], None]


class UpdatePusher:
    """A listener of the world that pushes its events."""

    def __init__(self, world: World, faults: Faults, settings: Settings, deliver: Deliver) -> None:
        self._world = world
        self._faults = faults
        self._settings = settings
        self._deliver = deliver
        self._held: list[tuple[Account, Event]] = []

    def on_event(self, account: Account, event: Event) -> None:
        """Push the event, or suppress, duplicate or delay it if a fault says so."""
        fault = self._faults.take(PUSH, account.id, event.person_id)
        action = fault.action if fault else None
        if action == "suppress":
            return
        if action == "reorder":
            self._held.append((account, event))
            return
        self._send(account, event)
        if action == "duplicate":
            self._send(account, event)
        held, self._held = self._held, []
        for late in held:
            self._send(*late)

    def _send(self, account: Account, event: Event) -> None:
        if self._settings.push_form == "short" and tl.is_plain(event):
            body = tl.short(event)
        else:
            is_told_twice = event.change == "reaction" and self._settings.reaction_form == "both"
            first = [tl.reaction_update(event)] if is_told_twice else []
            body = tl.updates(self._world, account, [event], *first)
        self._deliver(account, body.write(), event.origin)
