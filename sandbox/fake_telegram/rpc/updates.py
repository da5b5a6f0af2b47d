"""Methods for catching up: the current state, and the changes since a known one."""

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.rpc.registry import Context, method
from sandbox.fake_telegram.state.mailbox import Event
from sandbox.fake_telegram.tl import messages as tl
from sandbox.fake_telegram.tl.peers import peers
from sandbox.fake_telegram.tl.serialization import Result


@method("updates.GetState")
def get_state(context: Context, _: TLObject) -> Result:
    """Return the current state."""
    return state(context)


@method("updates.GetDifference")
def get_difference(context: Context, query: TLObject) -> Result:
    """Return the changes since `pts`: all, a slice, or only the new pts if they are no longer kept."""
    mailbox = context.world.mailboxes[context.account.id]
    settings = context.server.settings
    events = mailbox.since(query.pts, settings.updates_kept)
    if events is None:
        return too_long(context)
    if not events:
        return raw.types.updates.DifferenceEmpty(date=context.world.now(), seq=0)
    page = events[: settings.difference_slice]
    if len(page) < len(events):
        return raw.types.updates.DifferenceSlice(
            intermediate_state=state(context, page[-1].pts), **_difference(context, page)
        )
    return raw.types.updates.Difference(state=state(context), **_difference(context, page))


def too_long(context: Context) -> Result:
    """Return differenceTooLong: the client must read the missed messages from the chats."""
    pts = context.world.mailboxes[context.account.id].pts
    return raw.types.updates.DifferenceTooLong(pts=pts)


def state(context: Context, pts: int | None = None) -> TLObject:
    """Return the account's state now, or as of `pts`."""
    mailbox = context.world.mailboxes[context.account.id]
    return raw.types.updates.State(
        pts=mailbox.pts if pts is None else pts,
        qts=0,
        date=context.world.now(),
        seq=0,
        unread_count=sum(chat.unread for chat in mailbox.chats.values()),
    )


def _difference(context: Context, events: list[Event]) -> dict[str, list[TLObject]]:
    account, world = context.account, context.world
    known = peers(world, account, {event.person_id for event in events})
    new = [one.message for one in events if one.change == "message" and one.message]
    others = [one for one in events if one.change != "message"]
    return {
        "new_messages": [tl.message(account, one) for one in new],
        "new_encrypted_messages": [],
        "other_updates": [tl.update(account, one, world.chat(account.id, one.person_id)) for one in others],
        "chats": known.chats,
        "users": known.users,
    }
