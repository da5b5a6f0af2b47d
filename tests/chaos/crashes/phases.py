"""What a person goes through: each phase brings one message of ours."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Phase:
    """`words` bring about a message of `kind`, which leaves the lead as `becomes`; None = the form does."""

    kind: str
    words: str | None
    becomes: str


GREETING = Phase("greeting", None, "contacted")
ANSWER = Phase("answer", "А вы делаете мобильные приложения?", "engaged")
LINK = Phase("link", "Да, давайте созвонимся", "scheduled")
APOLOGY = Phase("apology", "Нет, спасибо, неактуально", "rejected")

WON = (GREETING, ANSWER, LINK)
LOST = (GREETING, APOLOGY)
