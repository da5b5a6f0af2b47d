"""Downloads: the files of voice messages and video notes, which contain the spoken text."""

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.errors import RpcError
from sandbox.fake_telegram.rpc.registry import Context, method
from sandbox.fake_telegram.tl.media import FILE_REFERENCE, sound
from sandbox.fake_telegram.tl.serialization import Result

_BLOCK = 4096
_MAX_LIMIT = 1024 * 1024


@method("upload.GetFile")
def get_file(context: Context, query: TLObject) -> Result:
    """Return a part of a file; parts are whole blocks, as in Telegram."""
    if query.limit % _BLOCK or not 0 < query.limit <= _MAX_LIMIT:
        raise RpcError(400, "LIMIT_INVALID")
    if query.offset % _BLOCK:
        raise RpcError(400, "OFFSET_INVALID")
    place = query.location
    if getattr(place, "file_reference", None) != FILE_REFERENCE:
        raise RpcError(400, "FILE_REFERENCE_EXPIRED")
    chats = context.world.mailboxes[context.account.id].chats.values()
    message = next((found for chat in chats if (found := chat.find(place.id))), None)
    if message is None or message.media not in {"voice", "video_note"}:
        raise RpcError(400, "LOCATION_INVALID")
    piece = sound(message.spoken)[query.offset : query.offset + query.limit]
    kind = raw.types.storage.FilePartial()
    return raw.types.upload.File(type=kind, mtime=message.date, bytes=piece)
