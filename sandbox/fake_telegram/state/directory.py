"""All people of the fake Telegram, indexed by id, username and phone."""

from collections.abc import Iterator

from sandbox.fake_telegram.state.people import Person, PersonFields

FIRST_PERSON_ID = 6_000_000_001


class UnknownError(LookupError):
    """No such person, account or message."""


class Directory:
    """Usernames are case-insensitive; deleted people have neither username nor phone."""

    def __init__(self) -> None:
        self._people: dict[int, Person] = {}
        self._by_username: dict[str, int] = {}
        self._by_phone: dict[str, int] = {}
        self._next_id = FIRST_PERSON_ID

    def __iter__(self) -> Iterator[Person]:
        return iter(self._people.values())

    def __contains__(self, person_id: int) -> bool:
        return person_id in self._people

    def __getitem__(self, person_id: int) -> Person:
        """Return the person with this id; raises UnknownError if there is none."""
        if person_id not in self._people:
            raise UnknownError(f"no person {person_id}")
        return self._people[person_id]

    def get(self, person_id: int | None) -> Person | None:
        """Return the person with this id, or None."""
        return self._people.get(person_id or 0)

    def by_username(self, username: str) -> Person | None:
        """Return the person with this username, or None."""
        return self.get(self._by_username.get(username.lower()))

    def by_phone(self, phone: str) -> Person | None:
        """Return the person with this phone (digits only), hidden or not, or None."""
        return self.get(self._by_phone.get(phone))

    def add(self, fields: PersonFields, person_id: int | None = None) -> Person:
        """Add a person; raises ValueError if the id, the username or the phone is in use."""
        person = Person(id=person_id or self._next_id, **fields.model_dump())
        if person.id in self._people:
            raise ValueError(f"the id {person.id} is taken")
        self._check_free(person)
        self._next_id = max(self._next_id, person.id + 1)
        self._enter(person)
        return person

    def replace(self, person: Person) -> Person:
        """Replace all fields of a person except the id."""
        before = self[person.id]
        self._check_free(person)
        for index in (self._by_username, self._by_phone):
            for key in [key for key, one in index.items() if one == before.id]:
                del index[key]
        self._enter(person)
        return person

    def _enter(self, person: Person) -> None:
        self._people[person.id] = person
        if person.kind == "deleted":
            return
        self._by_username |= dict.fromkeys(_names(person), person.id)
        if person.phone and person.kind == "person":
            self._by_phone[person.phone] = person.id

    def _check_free(self, person: Person) -> None:
        if any(self._by_username.get(name, person.id) != person.id for name in _names(person)):
            raise ValueError("the username is taken")
        if person.phone and self._by_phone.get(person.phone, person.id) != person.id:
            raise ValueError("the phone is taken")


def _names(person: Person) -> list[str]:
    return [name.lower() for name in (person.username, *person.more_usernames) if name]
