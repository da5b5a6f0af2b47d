"""The phases of a conversation; in each the worker sends one message."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """The prospect writes `reply` (None: submits the form); a message of `kind` sets `next_status`."""

    kind: str
    reply: str | None
    next_status: str


GREETING = Phase("greeting", None, "contacted")
ANSWER = Phase("answer", "А вы делаете мобильные приложения?", "engaged")
LINK = Phase("link", "Да, давайте созвонимся", "scheduled")
APOLOGY = Phase("apology", "Нет, спасибо, неактуально", "rejected")

WON = (GREETING, ANSWER, LINK)
LOST = (GREETING, APOLOGY)
