"""Pure: what a form says, and what tells the same submission from another one."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import sha256
from typing import Any

from shared.contacts import Contact

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
