"""Telling an account's other sessions what happened, with the faults that can befall that."""

from collections.abc import Callable

from sandbox.telegram.faults import PUSH, Faults
from sandbox.telegram.mailbox import Event
from sandbox.telegram.people import Account
from sandbox.telegram.settings import Settings
from sandbox.telegram.tl import messages as tl
from sandbox.telegram.world import World

# Sends the bytes to the account's sessions, but not to the one that caused the event.
Deliver = Callable[[Account, bytes, bytes | None], None]


class Pushes:
    """A listener of the world."""

    def __init__(self, world: World, faults: Faults, settings: Settings, deliver: Deliver) -> None:
        self._world = world
        self._faults = faults
        self._settings = settings
        self._deliver = deliver
        self._held: list[tuple[Account, Event]] = []

    def heard(self, account: Account, event: Event) -> None:
        """Push the event, or do to it what a fault says."""
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
        if self._settings.push_form == "short" and event.change == "message":
            body = tl.short(event)
        else:
            body = tl.updates(self._world, account, [event])
        self._deliver(account, body.write(), event.origin)
