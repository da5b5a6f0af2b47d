"""Resolves the peers of calls to people; a wrong access hash is an error."""

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.errors import RpcError
from sandbox.fake_telegram.rpc.registry import Context
from sandbox.fake_telegram.state.people import Person, digits
from sandbox.fake_telegram.state.world import World

_USERS = (raw.types.InputPeerUser, raw.types.InputUser)
_CHANNELS = (raw.types.InputPeerChannel, raw.types.InputChannel)
_SELF = (raw.types.InputPeerSelf, raw.types.InputUserSelf)


def is_self(context: Context, peer: TLObject) -> bool:
    """True if the peer is the account itself."""
    return isinstance(peer, _SELF) or _peer_id(peer) == context.account.id


def person(context: Context, peer: TLObject, error: str = "PEER_ID_INVALID") -> Person:
    """Return the person of a peer; raises 400 with `error` for an unknown id or a wrong access hash."""
    peer_id = _peer_id(peer)
    found = context.world.people.get(peer_id)
    if found is None:
        raise RpcError(400, error)
    if peer.access_hash != context.world.access_hash(context.account.id, found.id):
        raise RpcError(400, error)
    return found


def concerned_person_id(world: World, query: TLObject) -> int | None:
    """Return the id of the only person that a call concerns, for faults and the log, or None."""
    named = _named(world, query)
    if named is not None:
        return named.id
    for field in ("peer", "id", "user_id"):
        peer = getattr(query, field, None)
        if isinstance(peer, list):
            peer = peer[0] if len(peer) == 1 else None
        if (peer_id := _peer_id(peer)) is not None:
            return peer_id
    return None


def _named(world: World, query: TLObject) -> Person | None:
    if isinstance(query, raw.functions.contacts.ResolveUsername):
        return world.people.by_username(query.username)
    if isinstance(query, raw.functions.contacts.ResolvePhone):
        return by_phone(world, query.phone)
    if isinstance(query, raw.functions.contacts.ImportContacts) and len(query.contacts) == 1:
        return by_phone(world, query.contacts[0].phone)
    return None


def by_phone(world: World, phone: str) -> Person | None:
    """Return the person with this phone, in any notation, or None."""
    try:
        wanted = digits(phone)
    except ValueError:
        return None
    return world.people.by_phone(wanted) if wanted else None


def _peer_id(peer: TLObject | None) -> int | None:
    if isinstance(peer, _USERS):
        return int(peer.user_id)
    if isinstance(peer, _CHANNELS):
        return int(peer.channel_id)
    return None
