"""Tells a refusal that one person's messages cause from one that hits everybody. Pure.

A single refusal may say nothing about its cause: a firewall refuses one person's text with the page that it
also shows to a whole country, and an ended trial is a 400 like a request that is wrong in itself. What
different leads get, without a success between, concerns everybody.
"""

from enum import Enum, auto

from worker.assistant.failures.error_classes import FailureKind
from worker.assistant.failures.errors import Failure

# Two leads with the same vague refusal of the account, three with the same refusal of their own messages.
_VAGUE, _OWN = 2, 3
_MAX_CAUSES = 1_000


class Scope(Enum):
    """Whom a refusal concerns."""

    # What its kind says.
    AS_CLASSIFIED = auto()
    # This lead, until another one gets it too. It waits, and is counted once others are answered.
    THIS_LEAD = auto()
    # Everybody: no calls until the pause is over.
    EVERYBODY = auto()
    # Everybody so far, but this lead has caused a pause already: others may try.
    OTHERS_MAY_TRY = auto()


class SharedRefusals:
    """Remembers which leads were refused since the last success, and which ones while others succeeded."""

    def __init__(self) -> None:
        self._has_succeeded = False
        self._leads: dict[tuple[FailureKind, int], set[int]] = {}
        self._has_paused: set[int] = set()
        # Oldest first. Their refusals say nothing about others.
        self._causes: dict[int, None] = {}

    def succeeded(self, lead: int | None) -> None:
        """Record an answer for this lead: earlier refusals of others were their own."""
        self._has_succeeded = True
        self._causes |= dict.fromkeys(one for leads in self._leads.values() for one in leads)
        self._causes = dict.fromkeys(list(self._causes)[-_MAX_CAUSES:])
        if lead is not None:
            self._causes.pop(lead, None)
        self._leads.clear()
        self._has_paused.clear()

    def judge(self, lead: int | None, failure: Failure) -> Scope:
        """Return whom a failure of this lead's call concerns."""
        is_own = failure.kind in {FailureKind.LEAD, FailureKind.INPUT}
        if lead is None or not (is_own or failure.is_vague):
            return Scope.AS_CLASSIFIED
        if lead in self._causes:
            return Scope.AS_CLASSIFIED if is_own else Scope.THIS_LEAD
        if lead in self._has_paused:
            return Scope.OTHERS_MAY_TRY
        leads = self._leads.setdefault((failure.kind, failure.status), set())
        leads.add(lead)
        if len(leads) >= self._needed(is_own=is_own):
            self._has_paused.add(lead)
            return Scope.EVERYBODY
        return Scope.AS_CLASSIFIED if is_own else Scope.THIS_LEAD

    def _needed(self, *, is_own: bool) -> int:
        if is_own:
            return _OWN
        # Before the first success there is no reason to think that the account is accepted.
        return _VAGUE if self._has_succeeded else 1
