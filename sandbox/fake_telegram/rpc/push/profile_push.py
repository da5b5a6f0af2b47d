"""Pushes the changes of people's names, usernames and phones. They have no pts: a missed one is lost."""

from collections.abc import Callable

from pyrogram import raw

from sandbox.fake_telegram.state.people import Account, Person

# Sends the bytes to the account's sessions except the one that caused the event.
Deliver = Callable[[Account, bytes, bytes | None], None]


class ProfilePusher:
    """A listener of the world; `clock` returns whole Unix seconds."""

    def __init__(self, deliver: Deliver, clock: Callable[[], int]) -> None:
        self._deliver = deliver
        self._clock = clock

    def on_change(self, account: Account, before: Person, after: Person) -> None:
        """Push what has changed, or nothing."""
        updates: list[raw.base.Update] = []
        if _names(before) != _names(after):
            names = [name for name in (after.username, *after.more_usernames) if name]
            usernames = [
                raw.types.Username(username=name, editable=name == after.username or None, active=True)
                for name in names
            ]
            updates.append(
                raw.types.UpdateUserName(
                    user_id=after.id,
                    first_name=after.name,
                    last_name=after.last_name,
                    usernames=usernames,
                )
            )
        if before.phone != after.phone:
            updates.append(raw.types.UpdateUserPhone(user_id=after.id, phone=after.phone or ""))
        for update in updates:
            body = raw.types.UpdateShort(update=update, date=self._clock())
            self._deliver(account, body.write(), None)


def _names(person: Person) -> tuple[object, ...]:
    return person.name, person.last_name, person.username, tuple(person.more_usernames)
