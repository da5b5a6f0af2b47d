"""Methods of channels and groups."""

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.rpc.registry import Context, method
from sandbox.fake_telegram.tl.serialization import Result


@method("updates.GetChannelDifference")
def get_channel_difference(context: Context, query: TLObject) -> Result:
    """Return that nothing is new, or the channel's error."""
    _signed_in = context.account
    channel = context.world.channels.find(query.channel.channel_id)
    if channel.error is not None:
        raise channel.error
    return raw.types.updates.ChannelDifferenceEmpty(final=True, pts=channel.pts)
