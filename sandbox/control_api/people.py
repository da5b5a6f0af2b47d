"""Routes for people: their data, their chats and their messages."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, status

from sandbox.control_api.dependencies import TelegramDep
from sandbox.control_api.schemas import (
    ChatMessage,
    CrowdMessage,
    HandOver,
    PersonChange,
    PersonMessage,
    PersonNew,
    Unread,
)
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.mailbox import Message
from sandbox.fake_telegram.state.people import Account, Person, PersonFields, bare, digits

router = APIRouter(prefix="/people", tags=["people"])


@router.get("")
async def list_people(
    telegram: TelegramDep,
    username: Annotated[str | None, Query(description="With or without @.")] = None,
    phone: Annotated[str | None, Query(description="In any notation.")] = None,
) -> list[Person]:
    """List all people, or only those with this username or phone."""
    wanted, number = bare(username), _digits(phone)
    if wanted is None and number is None:
        return list(telegram.world.people)
    with_username = telegram.world.people.by_username(wanted) if wanted else None
    with_phone = telegram.world.people.by_phone(number) if number else None
    found = {one.id: one for one in (with_username, with_phone) if one}
    return list(found.values())


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_person(telegram: TelegramDep, new: PersonNew) -> Person:
    """Create a person; 409 if the id, the username or the phone is in use."""
    fields = PersonFields(**new.model_dump(exclude={"id"}))
    try:
        return telegram.world.people.add(fields, new.id)
    except ValueError as error:
        raise HTTPException(status.HTTP_409_CONFLICT, str(error)) from error


@router.get("/{person_id}")
async def get_person(telegram: TelegramDep, person_id: int) -> Person:
    """Return one person."""
    return telegram.world.people[person_id]


@router.patch("/{person_id}")
async def change_person(telegram: TelegramDep, person_id: int, change: PersonChange) -> Person:
    """Change the given fields, for example privacy, scripted replies, kind `deleted` or no username."""
    known = telegram.world.people[person_id].model_dump()
    person = Person(**known | change.model_dump(exclude_unset=True))
    try:
        return telegram.world.change_person(person)
    except ValueError as error:
        raise HTTPException(status.HTTP_409_CONFLICT, str(error)) from error


@router.post("/{person_id}/hand-over")
async def hand_over(telegram: TelegramDep, person_id: int, change: HandOver) -> Person:
    """Give this person's username or phone, or both, to another person; return the other person.

    The other person's own username or phone is replaced.
    """
    giver, taker = telegram.world.people[person_id], telegram.world.people[change.to]
    given = {
        field: getattr(giver, field)
        for field, is_given in (("username", change.username), ("phone", change.phone))
        if is_given
    }
    telegram.world.change_person(giver.model_copy(update=dict.fromkeys(given)))
    return telegram.world.change_person(taker.model_copy(update=given))


@router.get("/{person_id}/chat")
async def get_chat(telegram: TelegramDep, person_id: int, account: int | None = None) -> list[ChatMessage]:
    """List the messages in both directions, oldest first."""
    telegram.world.people[person_id]
    return [
        ChatMessage.of(message, account_id)
        for account_id, mailbox in telegram.world.mailboxes.items()
        if account in (None, account_id) and person_id in mailbox.chats
        for message in mailbox.chats[person_id].messages
    ]


@router.get("/{person_id}/unread")
async def get_unread(telegram: TelegramDep, person_id: int) -> Unread:
    """Return how many of the person's messages no account has read."""
    telegram.world.people[person_id]
    chats = [box.chats[person_id] for box in telegram.world.mailboxes.values() if person_id in box.chats]
    return Unread(unread=sum(chat.unread for chat in chats))


@router.post("/{person_id}/messages", status_code=status.HTTP_201_CREATED)
async def write_as_person(telegram: TelegramDep, person_id: int, request: PersonMessage) -> list[ChatMessage]:
    """Write, edit or delete messages as the person."""
    world = telegram.world
    person = world.people[person_id]
    account = _account_for(telegram, person, request.account)
    messages: list[Message] = []
    if request.delete is not None:
        messages.append(world.delete(account, person_id, request.delete))
    if request.edit is not None:
        messages.append(world.edit(account, person_id, request.edit, request.text or ""))
    elif request.text is not None or request.is_something:
        written = world.write(
            person,
            account,
            request.text or "",
            request.media,
            request.spoken,
            forwarded=request.forwarded,
            extras=request.extras,
        )
        messages.append(written)
    messages += [world.write(person, account, text) for text in request.texts]
    if request.react is not None:
        messages.append(world.react(account, person_id, request.react, request.to))
    return [ChatMessage.of(message, account.id) for message in messages]


@router.post("/messages", status_code=status.HTTP_204_NO_CONTENT)
async def write_as_crowd(telegram: TelegramDep, request: CrowdMessage) -> None:
    """Send the same message from many people at once, each to the account of their newest message."""
    for person_id in request.people:
        person = telegram.world.people[person_id]
        telegram.world.write(person, _account_for(telegram, person, None), request.text)


@router.post("/{person_id}/read")
async def read_as_person(telegram: TelegramDep, person_id: int, account: int | None = None) -> None:
    """Mark the account's messages as read by the person."""
    person = telegram.world.people[person_id]
    telegram.world.read_by_person(person, _account_for(telegram, person, account))


def _account_for(telegram: Telegram, person: Person, account_id: int | None) -> Account:
    """Return the given account, else the account with the newest message in a chat with this person."""
    if account_id is not None:
        return telegram.world.account(account_id)
    newest = {
        mailbox.chats[person.id].messages[-1].date: account
        for account, mailbox in telegram.world.mailboxes.items()
        if person.id in mailbox.chats and mailbox.chats[person.id].messages
    }
    if not newest:
        raise HTTPException(status.HTTP_409_CONFLICT, "no account has a chat with them: name one")
    return telegram.world.account(newest[max(newest)])


def _digits(phone: str | None) -> str | None:
    try:
        return digits(phone)
    except ValueError as error:
        raise HTTPException(status.HTTP_422_UNPROCESSABLE_CONTENT, str(error)) from error
