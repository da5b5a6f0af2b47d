"""Methods that return data about users."""

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.errors import RpcError
from sandbox.fake_telegram.rpc.peer_access import is_self, person
from sandbox.fake_telegram.rpc.registry import Context, method
from sandbox.fake_telegram.state import privacy
from sandbox.fake_telegram.tl.peers import peers, self_user, user
from sandbox.fake_telegram.tl.serialization import Result, objects


@method("users.GetUsers")
def get_users(context: Context, query: TLObject) -> Result:
    """Return the users whose access hash is valid; the others are left out."""
    found = [_user(context, one) for one in objects(query.id)]
    return [one for one in found if one is not None]


@method("users.GetFullUser")
def get_full_user(context: Context, query: TLObject) -> Result:
    """Return the full record of a person or of the account itself."""
    user_id = context.account.id
    if not is_self(context, query.id):
        user_id = person(context, query.id, "USER_ID_INVALID").id
    known = peers(context.world, context.account, {user_id})
    full = raw.types.UserFull(
        id=user_id,
        settings=raw.types.PeerSettings(),
        notify_settings=raw.types.PeerNotifySettings(),
        common_chats_count=0,
    )
    return raw.types.users.UserFull(full_user=full, chats=known.chats, users=known.users)


@method("users.GetRequirementsToContact")
def get_requirements_to_contact(context: Context, query: TLObject) -> Result:
    """Return one requirement for each user; the kinds Empty and Premium have no fields."""
    return [_requirement(context, one) for one in objects(query.id)]


def _requirement(context: Context, peer: TLObject) -> TLObject:
    who = person(context, peer, "USER_ID_INVALID")
    needed = privacy.requirement(who, context.world.chat(context.account.id, who.id))
    if needed.kind == "premium":
        return raw.types.RequirementToContactPremium()
    if needed.kind == "stars":
        return raw.types.RequirementToContactPaidMessages(stars_amount=needed.stars)
    return raw.types.RequirementToContactEmpty()


def _user(context: Context, peer: TLObject) -> TLObject | None:
    if is_self(context, peer):
        return self_user(context.world, context.account)
    try:
        return user(context.world, context.account, person(context, peer))
    except RpcError:
        return None
