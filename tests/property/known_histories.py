"""Stories that chance tells too seldom, each of a promise that was broken once or easily could be."""

from tests.property.operations import Step

# The greeting arrived, nobody heard of it, the lead was given up and tried again: no second greeting.
GREETED_UNHEARD: list[Step] = [
    ("submit", 1, 0),
    ("work", 0, 4),
    ("work", 0, 13),
    ("work", 0, 17),
    ("move", 0, 0),
    ("work", 0, 8),
]
# The later of two requests has gone silent, the earlier one is the open conversation: words belong there.
EARLIER_IS_OPEN: list[Step] = [
    ("submit", 1, 0),
    ("submit", 1, 0),
    ("work", 0, 16),
    ("work", 0, 28),
    ("move", 0, 2),
    ("work", 0, 29),
    ("write", 0, 1),
]
# A worker stops after somebody else has taken over what it has in hand: that is not its to give back.
STOPS_LATE: list[Step] = [
    ("submit", 1, 0),
    ("claim", 0, 0),
    ("time_passes", 3, 0),
    ("claim", 1, 0),
    ("stop", 0, 0),
]
# A worker claims anew what it is at: when that is done, what it read with the second claim is out of date.
CLAIMED_AT_WORK: list[Step] = [
    ("submit", 1, 0),
    ("claim", 0, 0),
    ("time_passes", 3, 0),
    ("claim", 0, 0),
    ("work", 0, 8),
    ("decide", 0, 0),
    ("write", 0, 1),
    ("time_passes", 2, 0),
    ("claim", 0, 0),
    ("settle", 0, 0),
]
# A human takes over while an answer is queued: its delivery does not take the lead back.
TAKEN_OVER: list[Step] = [
    ("submit", 1, 0),
    ("work", 0, 28),
    ("write", 0, 1),
    ("work", 0, 1),
    ("move", 0, 3),
    ("work", 0, 28),
]
