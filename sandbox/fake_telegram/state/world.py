"""The world behind the wire: people, accounts, and the chats between them; it knows no network."""

import hashlib
import time
from collections.abc import Callable

from sandbox.fake_telegram.state.directory import Directory, UnknownError
from sandbox.fake_telegram.state.limits import Watch
from sandbox.fake_telegram.state.mailbox import Chat, Event, Mailbox, Message
from sandbox.fake_telegram.state.people import Account, AccountFields, Person

FIRST_ACCOUNT_ID = 7_000_000_001
Listener = Callable[[Account, Event], None]


class World:
    """`secret` makes the access hashes, counters start at `base`, `clock` gives Unix seconds."""

    def __init__(self, secret: bytes, base: int = 0, clock: Callable[[], float] = time.time) -> None:
        self._secret = secret
        self._base = base
        self._clock = clock
        self.people = Directory()
        self.accounts: dict[int, Account] = {}
        self.mailboxes: dict[int, Mailbox] = {}
        self.watches: dict[int, Watch] = {}
        self.listeners: list[Listener] = []

    def now(self) -> int:
        """Unix seconds."""
        return int(self._clock())

    def moment(self) -> float:
        """The same, and their parts."""
        return self._clock()

    def add_account(self, fields: AccountFields, account_id: int | None = None) -> Account:
        """A new account of the agency; ValueError when its id or phone is taken."""
        chosen = account_id or max(self.accounts, default=FIRST_ACCOUNT_ID - 1) + 1
        if chosen in self.accounts or chosen in self.people or self.account_by_phone(fields.phone):
            raise ValueError("the id or the phone of this account is taken")
        account = Account(id=chosen, **fields.model_dump())
        self.accounts[account.id] = account
        self.mailboxes[account.id] = Mailbox(self._base)
        self.watches[account.id] = Watch(self.moment, account.limits)
        return account

    def account(self, account_id: int) -> Account:
        """The account with this id; UnknownError if there is none."""
        if account_id not in self.accounts:
            raise UnknownError(f"no account {account_id}")
        return self.accounts[account_id]

    def account_by_phone(self, phone: str) -> Account | None:
        """The account that signs in with this phone, in digits."""
        return next((one for one in self.accounts.values() if one.phone == phone), None)

    def access_hash(self, account_id: int, peer_id: int) -> int:
        """The 64-bit hash that lets this account, and no other, address the peer."""
        seed = self._secret + f"{account_id}:{peer_id}".encode()
        return int.from_bytes(hashlib.sha256(seed).digest()[:8], "little", signed=True)

    def chat(self, account_id: int, person_id: int) -> Chat:
        """The chat between the two, empty if nobody has written yet."""
        return self.mailboxes[account_id].chat(person_id)

    def send(
        self,
        account: Account,
        person: Person,
        text: str,
        *,
        random_id: int | None = None,
        origin: bytes | None = None,
    ) -> Event:
        """The account writes to the person; without `random_id` it is a human on another device."""
        message = Message(0, person.id, out=True, text=text, date=self.now(), random_id=random_id)
        return self._tell(account, self.mailboxes[account.id].post(message, origin))

    def note(
        self, account: Account, text: str, *, random_id: int | None = None, origin: bytes | None = None
    ) -> Event:
        """The account writes to itself; without `random_id` it is its owner on another device."""
        message = Message(0, account.id, out=True, text=text, date=self.now(), random_id=random_id)
        return self._tell(account, self.mailboxes[account.id].post(message, origin))

    def write(
        self,
        person: Person,
        account: Account,
        text: str,
        media: str | None = None,
        spoken: str = "",
        *,
        forwarded: bool = False,
    ) -> Message:
        """The person writes to the account, having read what it wrote."""
        self.read_by_person(person, account)
        message = Message(0, person.id, out=False, text=text, date=self.now(), media=media, spoken=spoken)
        message.forwarded = forwarded
        self._tell(account, self.mailboxes[account.id].post(message))
        return message

    def edit(self, account: Account, person_id: int, message_id: int, text: str) -> Message:
        """Whoever wrote the message changes its text."""
        message = self.chat(account.id, person_id).find(message_id)
        if message is None:
            raise UnknownError(f"no message {message_id} in this chat")
        self._tell(account, self.mailboxes[account.id].edit(message, text, self.now()))
        return message

    def delete(self, account: Account, person_id: int, message_id: int) -> Message:
        """Whoever wrote the message takes it back, on both sides; gives it as it was."""
        message = self.chat(account.id, person_id).find(message_id)
        if message is None:
            raise UnknownError(f"no message {message_id} in this chat")
        self._tell(account, self.mailboxes[account.id].delete(message))
        return message

    def read_by_person(self, person: Person, account: Account) -> None:
        """The person has read everything that the account wrote."""
        self._tell_if(account, self.mailboxes[account.id].read_outbox(person.id))

    def read_by_account(
        self, account: Account, person_id: int, max_id: int, origin: bytes | None = None
    ) -> bool:
        """The account marks the chat as read; whether that changed anything."""
        event = self.mailboxes[account.id].read_inbox(person_id, max_id, origin)
        self._tell_if(account, event)
        return event is not None

    def _tell_if(self, account: Account, event: Event | None) -> None:
        if event is not None:
            self._tell(account, event)

    def _tell(self, account: Account, event: Event) -> Event:
        for listener in self.listeners:
            listener(account, event)
        return event
