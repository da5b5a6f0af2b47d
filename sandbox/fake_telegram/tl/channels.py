"""Channels as Telegram's objects: the channel itself, its place in the list of chats, and its updates."""

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.state.channels import Channel


def channel_object(channel: Channel, access_hash: int) -> TLObject:
    """Return the channel as one account sees it."""
    return raw.types.Channel(
        id=channel.id,
        title=channel.title,
        photo=raw.types.ChatPhotoEmpty(),
        date=channel.date,
        broadcast=channel.is_broadcast or None,
        megagroup=None if channel.is_broadcast else True,
        access_hash=access_hash,
    )


def channel_dialog(channel: Channel) -> TLObject:
    """Return the channel as an entry of the list of chats."""
    return raw.types.Dialog(
        peer=raw.types.PeerChannel(channel_id=channel.id),
        top_message=channel.pts,
        read_inbox_max_id=0,
        read_outbox_max_id=0,
        unread_count=0,
        unread_mentions_count=0,
        unread_reactions_count=0,
        unread_poll_votes_count=0,
        notify_settings=raw.types.PeerNotifySettings(),
        pts=channel.pts,
    )


def channel_message(channel: Channel, text: str) -> TLObject:
    """Return the newest message of a channel."""
    return raw.types.Message(
        id=channel.pts,
        peer_id=raw.types.PeerChannel(channel_id=channel.id),
        date=channel.date,
        message=text,
    )


def channel_post(channel: Channel, text: str) -> TLObject:
    """Return the update of a new message, without the chats and users that it mentions."""
    update = raw.types.UpdateNewChannelMessage(
        message=channel_message(channel, text), pts=channel.pts, pts_count=1
    )
    return raw.types.Updates(updates=[update], users=[], chats=[], date=channel.date, seq=0)


def channel_too_long(channel: Channel) -> TLObject:
    """Return the update that tells to fetch the channel's difference."""
    update = raw.types.UpdateChannelTooLong(channel_id=channel.id)
    return raw.types.Updates(updates=[update], users=[], chats=[], date=channel.date, seq=0)
