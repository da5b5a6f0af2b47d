"""Bodies by the kind of difficulty: whose contact it is, and where it stands."""

from tests.support.form_bodies.kinds import (
    builders_shapes,
    chats,
    field_titles,
    people_beside,
    services,
    tables_of_people,
    telephony,
)

CASES = (
    *telephony.CASES,
    *chats.CASES,
    *services.CASES,
    *builders_shapes.CASES,
    *field_titles.CASES,
    *people_beside.CASES,
    *tables_of_people.CASES,
)
