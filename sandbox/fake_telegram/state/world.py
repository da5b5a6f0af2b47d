"""The state of the fake Telegram: people, accounts and the chats between them, without a network."""

import hashlib
import time
from collections.abc import Callable

from sandbox.fake_telegram.state.channels import Channels
from sandbox.fake_telegram.state.directory import Directory, UnknownError
from sandbox.fake_telegram.state.extras import Extras
from sandbox.fake_telegram.state.limits import Watch
from sandbox.fake_telegram.state.mailbox import Chat, Event, Mailbox, Message
from sandbox.fake_telegram.state.people import Account, AccountFields, Person

FIRST_ACCOUNT_ID = 7_000_000_001
Listener = Callable[[Account, Event], None]
# Gets an account, and a person before and after a change of their profile.
ProfileListener = Callable[[Account, Person, Person], None]


class World:
    """`secret` is the seed of access hashes, counters start at `base`, `clock` returns Unix seconds."""

    def __init__(self, secret: bytes, base: int = 0, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._base = base
        self._clock = clock
        self.people = Directory()
        self.channels = Channels()
        self.accounts: dict[int, Account] = {}
        self.mailboxes: dict[int, Mailbox] = {}
        self.watches: dict[int, Watch] = {}
        self.listeners: list[Listener] = []
        self.profile_listeners: list[ProfileListener] = []

    def now(self) -> int:
        """Return the time in whole Unix seconds."""
        return int(self._clock())

    def moment(self) -> float:
        """Return the time in Unix seconds, with fractions."""
        return self._clock()

    def add_account(self, fields: AccountFields, account_id: int | None = None) -> Account:
        """Add an account of the agency; raises ValueError if its id or phone is in use."""
        chosen = account_id or max(self.accounts, default=FIRST_ACCOUNT_ID - 1) + 1
        if chosen in self.accounts or chosen in self.people or self.account_by_phone(fields.phone):
            raise ValueError("the id or the phone of this account is taken")
        account = Account(id=chosen, **fields.model_dump())
        self.accounts[account.id] = account
        self.mailboxes[account.id] = Mailbox(self._base)
        self.watches[account.id] = Watch(self.moment, account.limits)
        return account

    def change_person(self, person: Person) -> Person:
        """Replace a person, and tell the accounts that have a chat with them or saved them as a contact.

        Other accounts are not told, as in Telegram. Raises ValueError if the username or phone is in use.
        """
        before = self.people[person.id]
        self.people.replace(person)
        for account in self.accounts.values():
            mailbox = self.mailboxes[account.id]
            if person.id in mailbox.contacts or person.id in mailbox.chats:
                for listener in self.profile_listeners:
                    listener(account, before, person)
        return person

    def account(self, account_id: int) -> Account:
        """Return the account with this id; raises UnknownError if there is none."""
        if account_id not in self.accounts:
            raise UnknownError(f"no account {account_id}")
        return self.accounts[account_id]

    def account_by_phone(self, phone: str) -> Account | None:
        """Return the account with this phone (digits only), or None."""
        return next((one for one in self.accounts.values() if one.phone == phone), None)

    def access_hash(self, account_id: int, peer_id: int) -> int:
        """Return the 64-bit hash with which this account, and no other, can address the peer."""
        seed = self._secret + f"{account_id}:{peer_id}".encode()
        return int.from_bytes(hashlib.sha256(seed).digest()[:8], "little", signed=True)

    def chat(self, account_id: int, person_id: int) -> Chat:
        """Return the chat between the two; a new chat is empty."""
        return self.mailboxes[account_id].chat(person_id)

    def send(
        self,
        account: Account,
        person: Person,
        text: str,
        *,
        random_id: int | None = None,
        origin: bytes | None = None,
        media: str | None = None,
        extras: Extras | None = None,
    ) -> Event:
        """Send a message to the person; without `random_id` it comes from a human on another device."""
        message = Message(0, person.id, out=True, text=text, date=self.now(), random_id=random_id)
        message.media, message.extras = media, extras or Extras()
        return self._notify(account, self.mailboxes[account.id].post(message, origin))

    def note(
        self,
        account: Account,
        text: str,
        *,
        random_id: int | None = None,
        origin: bytes | None = None,
        media: str | None = None,
        extras: Extras | None = None,
    ) -> Event:
        """Add a message to Saved Messages; without `random_id` it comes from the owner's other device."""
        message = Message(0, account.id, out=True, text=text, date=self.now(), random_id=random_id)
        message.media, message.extras = media, extras or Extras()
        return self._notify(account, self.mailboxes[account.id].post(message, origin))

    def write(
        self,
        person: Person,
        account: Account,
        text: str,
        media: str | None = None,
        spoken: str = "",
        *,
        forwarded: bool = False,
        extras: Extras | None = None,
    ) -> Message:
        """Mark the account's messages as read and add the person's message."""
        self.read_by_person(person, account)
        message = Message(0, person.id, out=False, text=text, date=self.now(), media=media, spoken=spoken)
        message.forwarded, message.extras = forwarded, extras or Extras()
        self._notify(account, self.mailboxes[account.id].post(message))
        return message

    def edit(self, account: Account, person_id: int, message_id: int, text: str) -> Message:
        """Change the text of a message; raises UnknownError if there is no such message."""
        message = self.chat(account.id, person_id).find(message_id)
        if message is None:
            raise UnknownError(f"no message {message_id} in this chat")
        self._notify(account, self.mailboxes[account.id].edit(message, text, self.now()))
        return message

    def react(self, account: Account, person_id: int, emoji: str, message_id: int | None = None) -> Message:
        """Set the person's reaction on a message, by default on the account's newest one.

        Raises UnknownError if there is no such message.
        """
        chat = self.chat(account.id, person_id)
        sent = next((one for one in reversed(chat.messages) if one.out), None)
        message = sent if message_id is None else chat.find(message_id)
        if message is None:
            raise UnknownError(f"no message {message_id or ''} in this chat")
        self._notify(account, self.mailboxes[account.id].react(message, emoji, self.now()))
        return message

    def delete(self, account: Account, person_id: int, message_id: int) -> Message:
        """Delete a message on both sides and return it; raises UnknownError if it does not exist."""
        message = self.chat(account.id, person_id).find(message_id)
        if message is None:
            raise UnknownError(f"no message {message_id} in this chat")
        self._notify(account, self.mailboxes[account.id].delete(message))
        return message

    def read_by_person(self, person: Person, account: Account) -> None:
        """Mark all of the account's messages as read by the person."""
        self._notify_if(account, self.mailboxes[account.id].read_outbox(person.id))

    def read_by_account(
        self, account: Account, person_id: int, max_id: int, origin: bytes | None = None
    ) -> bool:
        """Mark the chat as read by the account; return True if that changed anything."""
        event = self.mailboxes[account.id].read_inbox(person_id, max_id, origin)
        self._notify_if(account, event)
        return event is not None

    def _notify_if(self, account: Account, event: Event | None) -> None:
        if event is not None:
            self._notify(account, event)

    def _notify(self, account: Account, event: Event) -> Event:
        for listener in self.listeners:
            listener(account, event)
        return event
