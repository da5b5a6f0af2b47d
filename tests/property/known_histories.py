"""Histories that random generation finds too rarely; each tests a guarantee that was broken or could be."""

from tests.property.operations import Step

# The greeting was delivered, its answer was lost, the lead failed and was retried: no second greeting.
GREETING_UNCONFIRMED: list[Step] = [
    ("submit", 1, 0),
    ("work", 0, 4),
    ("work", 0, 13),
    ("work", 0, 17),
    ("change_status", 0, 0),
    ("work", 0, 8),
]
# The later of two leads is `no_reply`, the earlier one is the open conversation and gets the messages.
EARLIER_IS_OPEN: list[Step] = [
    ("submit", 1, 0),
    ("submit", 1, 0),
    ("work", 0, 16),
    ("work", 0, 28),
    ("change_status", 0, 2),
    ("work", 0, 29),
    ("write", 0, 1),
]
# A worker stops after another worker has taken over its leads: it must not release their leases.
STOPS_LATE: list[Step] = [
    ("submit", 1, 0),
    ("claim", 0, 0),
    ("advance_time", 3, 0),
    ("claim", 1, 0),
    ("stop", 0, 0),
]
# A worker claims a lead again while it works on it: at the end, the row of the second claim is outdated.
RECLAIMED_IN_PROGRESS: list[Step] = [
    ("submit", 1, 0),
    ("claim", 0, 0),
    ("advance_time", 3, 0),
    ("claim", 0, 0),
    ("work", 0, 8),
    ("decide", 0, 0),
    ("write", 0, 1),
    ("advance_time", 2, 0),
    ("claim", 0, 0),
    ("settle", 0, 0),
]
# A human takes over while an answer is queued: its delivery must not return the lead to the assistant.
TAKEN_OVER: list[Step] = [
    ("submit", 1, 0),
    ("work", 0, 28),
    ("write", 0, 1),
    ("work", 0, 1),
    ("change_status", 0, 3),
    ("work", 0, 28),
]
