"""What can go wrong with a call: the errors of Kurigram's table, unknown ones, silence, and dropped links."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache

from pyrogram.errors.exceptions.all import exceptions

from worker.telegram.errors.classes import ErrorClass, classify

# Errors that no table has, by kind of name and by code.
_INVENTED_NAMES = (
    "SOMETHING_NEW",
    "FROZEN_SOMETHING_NEW",
    "USER_NEWLY_RESTRICTED",
    "PEER_NEW_INVALID",
    "MESSAGE_NEW_INVALID",
    "NEW_FLOOD",
    "NEW_WAIT_9",
    "STRANGE PROSE (with punctuation): it failed",
    "",
)
_INVENTED_CODES = (404, 429, 502, 999, -500, -503)
_NUMBER = "7"
# They would say that the message has arrived, which it has not.
_IMPOSSIBLE = frozenset({("messages.SendMessage", "RANDOM_ID_DUPLICATE")})


@dataclass(frozen=True)
class Failure:
    """One thing that goes wrong with a call, as a fault of the sandbox."""

    action: str
    code: int = 500
    message: str = "RPC_CALL_FAIL"
    label: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.label or f"{self.code} {self.message}"

    @property
    def kind(self) -> ErrorClass:
        """The class of the error; silence and dropped links are trouble."""
        return classify(self.code, self.message).kind if self.action == "error" else ErrorClass.TROUBLE

    @property
    def loses_answers(self) -> bool:
        """True if the worker waits for an answer that never comes."""
        return self.action.startswith("swallow")

    @property
    def ends_session(self) -> bool:
        """True if the worker has to stop, because its owner must sign in again."""
        return self.kind is ErrorClass.SESSION

    @property
    def may_give_up(self) -> bool:
        """True if a lead may be given up for it."""
        # ALLOW_PAYMENT_REQUIRED is read before the table.
        if "ALLOW_PAYMENT_REQUIRED" in self.message:
            return True
        return self.kind in (ErrorClass.PERSON, ErrorClass.NOT_FOUND, ErrorClass.RETRY)


def all_failures(method: str) -> Iterator[Failure]:
    """Yield everything that can go wrong with calls of this method."""
    for code, names in exceptions.items():
        for name in sorted(names):
            if name != "_" and (method, name) not in _IMPOSSIBLE:
                yield Failure("error", code, _with_number(name))
    for code in (303, 400, 401, 403, 406, 420, 500, 503):
        for name in _INVENTED_NAMES:
            yield Failure("error", code, name)
    for code in _INVENTED_CODES:
        yield Failure("error", code, "SOMETHING_NEW")
    yield Failure("error", 420, "FLOOD_WAIT_64800")
    yield from network_failures()


def network_failures() -> Iterator[Failure]:
    """Yield silence, dropped links, and rejected messages."""
    for action in ("swallow_before", "swallow_after", "drop_before", "drop_after"):
        yield Failure(action, label=action)
    for code in (16, 17, 20, 32, 48):
        yield Failure("reject", code, label=f"reject {code}")


@cache
def sample(method: str) -> Sequence[Failure]:
    """Return one failure for each class of error, and the network's."""
    chosen: dict[tuple[int, ErrorClass], Failure] = {}
    for failure in all_failures(method):
        if failure.action == "error":
            chosen.setdefault((failure.code, failure.kind), failure)
    return (*chosen.values(), *network_failures())


def _with_number(name: str) -> str:
    return re.sub(r"_X\b|_X(?=_|MIN)", f"_{_NUMBER}", name)
