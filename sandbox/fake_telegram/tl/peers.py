"""Converts people and accounts to Telegram's users and chats, as one account sees them."""

from dataclasses import dataclass

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.state.people import Account, Person
from sandbox.fake_telegram.state.world import World


@dataclass(frozen=True)
class Peers:
    """The users and chats that accompany most of Telegram's answers."""

    users: list[TLObject]
    chats: list[TLObject]


def peers(world: World, account: Account, people_ids: set[int]) -> Peers:
    """Return the people with these ids, and the account itself."""
    found = [world.people[one] for one in sorted(people_ids) if one in world.people]
    users = [user(world, account, person) for person in found if not is_chat(person)]
    chats = [chat(world, account, person) for person in found if is_chat(person)]
    return Peers([self_user(world, account), *users], chats)


def is_chat(person: Person) -> bool:
    """True for channels and groups, which are not users."""
    return person.kind in ("channel", "group")


def peer(person: Person) -> TLObject:
    """Return the peer object of a person."""
    if is_chat(person):
        return raw.types.PeerChannel(channel_id=person.id)
    return raw.types.PeerUser(user_id=person.id)


def user(world: World, account: Account, person: Person) -> TLObject:
    """Return a person or a bot; contacts have the name that the account saved, and their phone."""
    if person.kind == "deleted":
        access = world.access_hash(account.id, person.id)
        return raw.types.User(id=person.id, deleted=True, access_hash=access)
    contacts = world.mailboxes[account.id].contacts
    is_contact = person.id in contacts
    shows_phone = person.privacy.phone_shown or (is_contact and not person.privacy.phone_hidden)
    bot = person.kind == "bot"
    return raw.types.User(
        id=person.id,
        contact=is_contact or None,
        bot=bot or None,
        # It shares its flag with `bot`: an object with only one of them cannot be parsed.
        bot_info_version=1 if bot else None,
        access_hash=world.access_hash(account.id, person.id),
        first_name=contacts.get(person.id) or person.name,
        last_name=None if is_contact else person.last_name or None,
        phone=person.phone if shows_phone else None,
        status=None if bot else raw.types.UserStatusRecently(),
        contact_require_premium=person.privacy.premium_only or None,
        send_paid_messages_stars=person.privacy.paid_stars or None,
        **_usernames(person),
    )


def self_user(world: World, account: Account) -> TLObject:
    """Return the account as it sees itself."""
    return raw.types.User(
        id=account.id,
        is_self=True,
        access_hash=world.access_hash(account.id, account.id),
        first_name=account.name,
        username=account.username,
        phone=account.phone,
        status=raw.types.UserStatusRecently(),
    )


def chat(world: World, account: Account, person: Person) -> TLObject:
    """Return a channel or a group."""
    return raw.types.Channel(
        id=person.id,
        title=person.name,
        photo=raw.types.ChatPhotoEmpty(),
        date=world.now(),
        left=True,
        broadcast=person.kind == "channel" or None,
        megagroup=person.kind == "group" or None,
        access_hash=world.access_hash(account.id, person.id),
        **_usernames(person),
    )


def _usernames(person: Person) -> dict[str, str | list[TLObject] | None]:
    if not person.more_usernames:
        return {"username": person.username}
    names = [name for name in (person.username, *person.more_usernames) if name]
    return {
        "usernames": [
            raw.types.Username(username=name, editable=name == person.username or None, active=True)
            for name in names
        ]
    }
