"""Pure values: a parsed form, its delivery, the key that identifies its repeats, and its result."""

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
_canonical_json = json.JSONEncoder(sort_keys=True).encode


@dataclass(frozen=True)
class Submission:
    """A parsed form. `key`, if set, is the same each time the form is sent.

    `evidence`: by contact the field it was read from, and how sure that is.
    """

    name: str
    contact: Contact
    source: str
    key: str | None = None
    extra: dict[str, Any] = field(default_factory=dict)
    evidence: dict[str, dict[str, str]] = field(default_factory=dict)

    @cached_property
    def fingerprint(self) -> str:
        """A SHA-256 hash of contact, name and fields; it does not depend on how the phone was typed."""
        phone = self.contact.phone
        content = [
            phone and (phone.e164 or phone.digits),
            (self.contact.username or "").casefold(),
            self.name,
            self.extra,
        ]
        return sha256(_canonical_json(content).encode()).hexdigest()

    @property
    def contact_fingerprint(self) -> str:
        """A short hash of the contact alone. It makes the sender's id unique to the person: an id that
        several people share, such as the id of an event, loses none of them."""
        return replace(self, name="", extra={}).fingerprint[:16]

    @property
    def is_keyed_by_fingerprint(self) -> bool:
        """True if the key is only the fingerprint; then a repeat counts only within the repeat window."""
        return self.key == _PREFIX + self.fingerprint

    def with_default_key(self, *, by_fingerprint: bool, fallback: Callable[[], str]) -> "Submission":
        """Return a copy with a key: its own, else its fingerprint if `by_fingerprint`, else `fallback()`."""
        if self.key:
            return self
        keyed = replace(self, key=_PREFIX + self.fingerprint if by_fingerprint else fallback())
        # The key is not part of the fingerprint: copy the cached value instead of hashing again.
        vars(keyed)["fingerprint"] = self.fingerprint
        return keyed


@dataclass(frozen=True)
class Delivery:
    """A webhook call as received. `body` is text without secrets; `charset` turns it back into bytes.

    `charset` is None if only a part of the body was received. `query`: the query string without secrets.
    `idempotency_key`: the sender's id of the submission, from a header.
    """

    source: str
    received_at: datetime
    content_type: str | None
    body: str
    charset: str | None
    query: str | None = None
    idempotency_key: str | None = None

    @property
    def key(self) -> str:
        """A key that is unique to this delivery and the same each time it is processed."""
        whole = "\n".join([self.received_at.isoformat(), self.body, *filter(None, [self.query])])
        return f"delivery:{sha256(whole.encode('utf-8', 'replace')).hexdigest()}"


@dataclass(frozen=True)
class KeyedSubmission:
    """A submission with its key and its arrival time, and its delivery if that must be stored too."""

    submission: Submission
    at: datetime
    delivery: Delivery | None = None

    @property
    def key(self) -> tuple[str, str]:
        """The source and the key, which are unique together in the table `leads`."""
        return self.submission.source, self.submission.key or ""

    def repeat_window(self, window: timedelta) -> tuple[datetime, datetime] | None:
        """Return the times between which (both excluded) a lead with this key makes this submission a repeat.

        None means no limit. Only a submission that is keyed by its fingerprint has one.
        """
        return (self.at - window, self.at + window) if self.submission.is_keyed_by_fingerprint else None

    def is_repeat_of(self, created_at: datetime, window: timedelta) -> bool:
        """True if this submission repeats the lead with the same key that was created at `created_at`."""
        bounds = self.repeat_window(window)
        return bounds is None or bounds[0] < created_at < bounds[1]


def with_key(
    submission: Submission,
    at: datetime,
    window: timedelta,
    delivery: Delivery | None = None,
    fallback: str | None = None,
) -> KeyedSubmission:
    """Add a key to `submission`: its own, else its fingerprint if `window` is not zero, else a fallback.

    The fallback is `fallback`, else the key of `delivery`, else a random key that never repeats.
    """

    def fallback_key() -> str:
        return fallback or (delivery.key if delivery else f"once:{uuid4().hex}")

    keyed = submission.with_default_key(by_fingerprint=bool(window), fallback=fallback_key)
    return KeyedSubmission(keyed, at, delivery)


_INITIAL_VALUES: dict[str, Any] = dict.fromkeys(Lead.model_fields) | {
    "status": LeadStatus.PENDING,
    "attempts": 0,
    "lost_leases": 0,
}


def lead_values(arrival: KeyedSubmission) -> dict[str, Any]:
    """Return all columns of the new lead except its id. The lead is due at once."""
    submission = arrival.submission
    contact = submission.contact
    return {
        **_INITIAL_VALUES,
        "name": submission.name,
        "phone": contact.phone.digits if contact.phone else None,
        "phone_e164": contact.phone.e164 if contact.phone else None,
        "username": contact.username,
        "source": submission.source,
        "source_key": submission.key,
        "fingerprint": submission.fingerprint,
        "due_at": arrival.at,
        "extra": submission.extra,
        "contact_evidence": submission.evidence,
        "created_at": arrival.at,
        "updated_at": arrival.at,
    }


@dataclass(frozen=True)
class Result:
    """The result of a submission: a new or known lead, or the error. A probe has neither."""

    lead: Mapping[str, Any] | None = None
    created: bool = False
    error: ContactError | None = None

    @property
    def outcome(self) -> str:
        """The value of `webhook_deliveries.outcome`."""
        if self.lead is not None:
            return "stored" if self.created else "duplicate"
        return "probe" if self.error is None else "refused"
