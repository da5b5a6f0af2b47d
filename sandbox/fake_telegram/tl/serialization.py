"""Encodes results, and restores arguments that Kurigram decodes in a different shape."""

from io import BytesIO
from typing import TypeAlias

from pyrogram import raw
from pyrogram.raw.core import TLObject
from pyrogram.raw.core.primitives import BoolFalse, BoolTrue, Vector

Result: TypeAlias = "TLObject | bool | list[TLObject]"


def encode(result: Result) -> bytes:
    """Encode a method's result; booleans and lists have no `write` method."""
    if isinstance(result, bool):
        return bytes(BoolTrue() if result else BoolFalse())
    if isinstance(result, list):
        return bytes(Vector(result))
    return bytes(result.write())


def objects(items: list[TLObject]) -> list[TLObject]:
    """Return a vector of objects as it was sent: Kurigram reads objects of 4 and 8 bytes as numbers."""
    return [_object(item) for item in items]


def _object(item: TLObject) -> TLObject:
    if not isinstance(item, int):
        return item
    size = 4 if -(1 << 31) <= item < 1 << 31 else 8
    return TLObject.read(BytesIO(item.to_bytes(size, "little", signed=True)))


def name_of(query: TLObject) -> str:
    """Return a method's name as in Telegram's documentation, for example messages.SendMessage."""
    return str(query.QUALNAME).removeprefix("functions.")


def unwrap(query: TLObject) -> tuple[TLObject, bool]:
    """Return the call inside invokeWith… wrappers, and True if its session wants updates."""
    wants_updates = True
    while isinstance(getattr(query, "query", None), TLObject):
        wants_updates &= not isinstance(query, raw.functions.InvokeWithoutUpdates)
        query = query.query
    return query, wants_updates
