"""Pure: what a form says and how it arrived, what identifies a repeat of it, and what became of it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from hashlib import sha256
from typing import Any
from uuid import uuid4

from shared.contacts import Contact, ContactError
from shared.database.models import Lead
from shared.statuses import LeadStatus

_PREFIX = "fp:"
_said_alike = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True)
class Submission:
    """A form as it was understood; `key`, if there is one, is the same when it is sent again."""

    name: str
    contact: Contact
    source: str
    key: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same person saying the same, however the phone was typed."""
        phone = self.contact.phone
        said = [
            phone and (phone.e164 or phone.digits),
            (self.contact.username or "").casefold(),
            self.name,
            self.extra,
        ]
        return sha256(_said_alike(said).encode()).hexdigest()

    @property
    def is_known_by_fingerprint(self) -> bool:
        """Whether the key says no more than the content: then it is a repeat only for a while."""
        return self.key == _PREFIX + self.fingerprint

    def identified(self, *, by_fingerprint: bool, otherwise: Callable[[], str]) -> "Submission":
        """The same with a key: its own, or else its fingerprint, or else `otherwise`."""
        if self.key:
            return self
        found = replace(self, key=_PREFIX + self.fingerprint if by_fingerprint else otherwise())
        # The key is no part of it: it need not be found out again.
        vars(found)["fingerprint"] = self.fingerprint
        return found


@dataclass(frozen=True)
class Delivery:
    """A webhook call as it came: `body` is text without secrets, `charset` how to make bytes of it.

    There is no charset if only a part of the body came.
    """

    source: str
    received_at: datetime
    content_type: str | None
    body: str
    charset: str | None

    @property
    def name(self) -> str:
        """The same for this delivery whoever takes it up and whenever, and for no other."""
        whole = f"{self.received_at.isoformat()}\n{self.body}"
        return f"delivery:{sha256(whole.encode('utf-8', 'replace')).hexdigest()}"


@dataclass(frozen=True)
class KeyedSubmission:
    """A submission that has its key, when it came, and its delivery if that is to be stored with it."""

    submission: Submission
    at: datetime
    delivery: Delivery | None = None

    @property
    def key(self) -> tuple[str, str]:
        """What the schema lets in once."""
        return self.submission.source, self.submission.key or ""

    def repeat_window(self, window: timedelta) -> tuple[datetime, datetime] | None:
        """Between which moments, both excluded, a lead with this key must have come for this to repeat it.

        None: whenever it came. What is known by its fingerprint alone is a repeat only within the window.
        """
        return (self.at - window, self.at + window) if self.submission.is_known_by_fingerprint else None

    def is_repeat_of(self, created_at: datetime, window: timedelta) -> bool:
        """Whether it is the lead with this key that came then, once more."""
        within = self.repeat_window(window)
        return within is None or within[0] < created_at < within[1]


def with_key(
    submission: Submission,
    at: datetime,
    window: timedelta,
    delivery: Delivery | None = None,
    otherwise: str | None = None,
) -> KeyedSubmission:
    """`submission` with its own key, or else its fingerprint if repeats within a `window` are to be known.

    `otherwise`: what names it if neither does; the delivery that brings it, or else nothing that comes again.
    """

    def name() -> str:
        return otherwise or (delivery.name if delivery else f"once:{uuid4().hex}")

    return KeyedSubmission(submission.identified(by_fingerprint=bool(window), otherwise=name), at, delivery)


_UNTOUCHED: dict[str, Any] = dict.fromkeys(Lead.model_fields) | {
    "status": LeadStatus.PENDING,
    "attempts": 0,
    "lost_leases": 0,
}


def lead_values(arrival: KeyedSubmission) -> dict[str, Any]:
    """All columns of the new lead but its id, due at once."""
    submission = arrival.submission
    contact = submission.contact
    return {
        **_UNTOUCHED,
        "name": submission.name,
        "phone": contact.phone.digits if contact.phone else None,
        "phone_e164": contact.phone.e164 if contact.phone else None,
        "username": contact.username,
        "source": submission.source,
        "source_key": submission.key,
        "fingerprint": submission.fingerprint,
        "due_at": arrival.at,
        "extra": submission.extra,
        "created_at": arrival.at,
        "updated_at": arrival.at,
    }


@dataclass(frozen=True)
class Result:
    """What became of a submission: a lead, new or not, or why there is none; a probe has neither."""

    lead: Mapping[str, Any] | None = None
    created: bool = False
    error: ContactError | None = None

    @property
    def outcome(self) -> str:
        """As a delivery's row has it."""
        if self.lead is not None:
            return "stored" if self.created else "duplicate"
        return "probe" if self.error is None else "refused"
