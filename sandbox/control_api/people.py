"""Routes about people: who they are, what they were told, what they say."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, status

from sandbox.control_api.dependencies import TelegramDep
from sandbox.control_api.schemas import ChatMessage, CrowdMessage, PersonChange, PersonMessage, PersonNew
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.mailbox import Message
from sandbox.fake_telegram.state.people import Account, Person, PersonFields, bare, digits

router = APIRouter(prefix="/people", tags=["people"])


@router.get("")
async def list_people(
    telegram: TelegramDep,
    username: Annotated[str | None, Query(description="With or without @.")] = None,
    phone: Annotated[str | None, Query(description="However it is written.")] = None,
) -> list[Person]:
    """Everyone, or only those who have this username or this phone."""
    wanted, number = bare(username), _digits(phone)
    if wanted is None and number is None:
        return list(telegram.world.people)
    named = telegram.world.people.by_username(wanted) if wanted else None
    called = telegram.world.people.by_phone(number) if number else None
    found = {one.id: one for one in (named, called) if one}
    return list(found.values())


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_person(telegram: TelegramDep, new: PersonNew) -> Person:
    """Someone new; 409 when the id, the username or the phone is taken."""
    fields = PersonFields(**new.model_dump(exclude={"id"}))
    try:
        return telegram.world.people.add(fields, new.id)
    except ValueError as error:
        raise HTTPException(status.HTTP_409_CONFLICT, str(error)) from error


@router.get("/{person_id}")
async def get_person(telegram: TelegramDep, person_id: int) -> Person:
    """One person."""
    return telegram.world.people[person_id]


@router.patch("/{person_id}")
async def change_person(telegram: TelegramDep, person_id: int, change: PersonChange) -> Person:
    """Change what is given: a new privacy, a script of replies, kind `deleted`, no username."""
    known = telegram.world.people[person_id].model_dump()
    person = Person(**known | change.model_dump(exclude_unset=True))
    try:
        return telegram.world.people.replace(person)
    except ValueError as error:
        raise HTTPException(status.HTTP_409_CONFLICT, str(error)) from error


@router.get("/{person_id}/chat")
async def get_chat(telegram: TelegramDep, person_id: int, account: int | None = None) -> list[ChatMessage]:
    """Every message in both directions, oldest first."""
    telegram.world.people[person_id]
    return [
        ChatMessage.of(message, account_id)
        for account_id, mailbox in telegram.world.mailboxes.items()
        if account in (None, account_id) and person_id in mailbox.chats
        for message in mailbox.chats[person_id].messages
    ]


@router.post("/{person_id}/messages", status_code=status.HTTP_201_CREATED)
async def write_as_person(telegram: TelegramDep, person_id: int, said: PersonMessage) -> list[ChatMessage]:
    """The person writes to an account, or edits what they wrote."""
    world = telegram.world
    person = world.people[person_id]
    account = _addressee(telegram, person, said.account)
    messages: list[Message] = []
    if said.delete is not None:
        messages.append(world.delete(account, person_id, said.delete))
    if said.edit is not None:
        messages.append(world.edit(account, person_id, said.edit, said.text or ""))
    elif said.text is not None or said.media is not None:
        text = said.text or ""
        messages.append(world.write(person, account, text, said.media, said.spoken, forwarded=said.forwarded))
    messages += [world.write(person, account, text) for text in said.texts]
    return [ChatMessage.of(message, account.id) for message in messages]


@router.post("/messages", status_code=status.HTTP_204_NO_CONTENT)
async def write_as_crowd(telegram: TelegramDep, said: CrowdMessage) -> None:
    """Many people write the same at once, each to the account they last had a message with."""
    for person_id in said.people:
        person = telegram.world.people[person_id]
        telegram.world.write(person, _addressee(telegram, person, None), said.text)


@router.post("/{person_id}/read")
async def read_as_person(telegram: TelegramDep, person_id: int, account: int | None = None) -> None:
    """The person reads what the account wrote, and says nothing."""
    person = telegram.world.people[person_id]
    telegram.world.read_by_person(person, _addressee(telegram, person, account))


def _addressee(telegram: Telegram, person: Person, account_id: int | None) -> Account:
    """The account named, else the one with the newest message in a chat with this person."""
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
