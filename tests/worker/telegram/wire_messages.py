"""Messages as they arrive over the wire, for tests."""

from io import BytesIO
from typing import Any

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.state.extras import Extras
from sandbox.fake_telegram.state.mailbox import Message
from sandbox.fake_telegram.state.people import Account
from sandbox.fake_telegram.tl import messages as tl

types = raw.types
ACCOUNT = Account(id=1, phone="79990000001")
PERSON = types.PeerUser(user_id=2)


def over_the_wire(message: TLObject) -> Any:  # noqa: ANN401
    """Write a message as Telegram does, and read it as the worker does."""
    return TLObject.read(BytesIO(message.write()))


def message(text: str = "", attached: Any = None, **fields: Any) -> Any:  # noqa: ANN401
    return over_the_wire(
        types.Message(id=1, peer_id=PERSON, date=1_800_000_000, message=text, media=attached, **fields)
    )


def from_sandbox(text: str = "", kind: str | None = None, **extras: Any) -> Any:  # noqa: ANN401
    whole = Message(1, 2, out=False, text=text, date=1_800_000_000, media=kind, extras=Extras(**extras))
    return over_the_wire(tl.message(ACCOUNT, whole))
