"""The intents of a reply: what the assistant decides that a person's messages mean."""

from enum import StrEnum


class Intent(StrEnum):
    """What a reply means; the value is the text in the database."""

    ACCEPT = "accept"
    REJECT = "reject"
    QUESTION = "question"
    AMBIGUOUS = "ambiguous"
