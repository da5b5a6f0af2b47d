"""Routes for the agency's own Telegram accounts."""

import itertools
from pathlib import Path
from tempfile import TemporaryDirectory

from fastapi import APIRouter, HTTPException, Response, status

from sandbox.control_api.dependencies import TelegramDep
from sandbox.control_api.schemas import AccountMessage, AccountPublic, Channels, ChatMessage, Scan
from sandbox.fake_telegram.server import Telegram
from sandbox.fake_telegram.state.channels import CHANNEL_ERRORS
from sandbox.fake_telegram.state.limits import AccountLimits
from sandbox.fake_telegram.state.people import Account, AccountFields
from sandbox.sessions import ensure

router = APIRouter(prefix="/accounts", tags=["accounts"])


@router.get("")
async def list_accounts(telegram: TelegramDep) -> list[AccountPublic]:
    """List all accounts with their login codes."""
    return [_public(telegram, account) for account in telegram.world.accounts.values()]


@router.post("", status_code=status.HTTP_201_CREATED)
async def create_account(telegram: TelegramDep, fields: AccountFields) -> AccountPublic:
    """Create an account; 409 if the phone is in use."""
    try:
        return _public(telegram, telegram.world.add_account(fields))
    except ValueError as error:
        raise HTTPException(status.HTTP_409_CONFLICT, str(error)) from error


@router.put("/{account_id}/limits")
async def set_limits(telegram: TelegramDep, account_id: int, limits: AccountLimits) -> AccountLimits:
    """Set the account's limits: new chats, look-ups and imports; or freeze it."""
    telegram.world.watches[telegram.world.account(account_id).id].limits = limits
    return limits


@router.put("/{account_id}/channels")
async def set_channels(telegram: TelegramDep, account_id: int, wanted: Channels) -> Channels:
    """Let the account be in so many channels, some of which fail, each with another error."""
    world, errors = telegram.world, itertools.cycle(CHANNEL_ERRORS)
    owner = world.account(account_id).id
    world.channels.leave_all(owner)
    for index in range(wanted.number):
        fails = wanted.failing_every is not None and index % wanted.failing_every == 0
        date = world.now() - index
        world.channels.add(owner, f"Канал {index}", date=date, error=next(errors) if fails else None)
    ids = [channel.id for channel in world.channels.of(owner)]
    return wanted.model_copy(update={"ids": ids})


@router.post("/{account_id}/messages", status_code=status.HTTP_201_CREATED)
async def write_as_human(telegram: TelegramDep, account_id: int, typed: AccountMessage) -> ChatMessage:
    """Send a message as the agency's human from another device."""
    world = telegram.world
    account = world.account(account_id)
    if typed.person is None:
        event = world.note(account, typed.text, media=typed.media, extras=typed.extras)
    else:
        person = world.people[typed.person]
        event = world.send(account, person, typed.text, media=typed.media, extras=typed.extras)
    if event.message is None:
        raise HTTPException(status.HTTP_500_INTERNAL_SERVER_ERROR, "nothing was sent")
    return ChatMessage.of(event.message, account_id)


@router.get("/{account_id}/notes")
async def list_notes(telegram: TelegramDep, account_id: int) -> list[ChatMessage]:
    """List the account's Saved Messages, oldest first."""
    chat = telegram.world.chat(telegram.world.account(account_id).id, account_id)
    return [ChatMessage.of(message, account_id) for message in chat.messages]


@router.post("/{account_id}/session", response_class=Response)
async def sign_in(telegram: TelegramDep, account_id: int) -> Response:
    """Create a signed-in session of this account: save the response as `name.session` for Kurigram."""
    with TemporaryDirectory() as folder:
        path = ensure(telegram, Path(folder) / "new", telegram.world.account(account_id).id)
        return Response(path.read_bytes(), media_type="application/vnd.sqlite3")


@router.post("/{account_id}/scan", status_code=status.HTTP_204_NO_CONTENT)
async def scan(telegram: TelegramDep, account_id: int, scanned: Scan) -> None:
    """Scan the QR code of a login as the account's owner; 409 if the code is unknown or expired."""
    if not telegram.scan(account_id, scanned.bytes):
        raise HTTPException(status.HTTP_409_CONFLICT, "no such code, or it has expired")


@router.post("/{account_id}/revoke", status_code=status.HTTP_204_NO_CONTENT)
async def revoke(telegram: TelegramDep, account_id: int) -> None:
    """End all sessions of the account: their next calls get 401 AUTH_KEY_UNREGISTERED."""
    telegram.revoke(telegram.world.account(account_id).id)


def _public(telegram: Telegram, account: Account) -> AccountPublic:
    mailbox = telegram.world.mailboxes[account.id]
    return AccountPublic(
        **account.model_dump(include={"id", "name", "phone", "username", "code"}),
        has_password=account.password is not None,
        pts=mailbox.pts,
        contacts=sorted(mailbox.contacts),
        chats=sorted(chat.person_id for chat in mailbox.chats.values() if chat.messages),
    )
