"""Methods that find people: by username, by phone and through contacts."""

import re

from pyrogram import raw
from pyrogram.raw.core import TLObject

from sandbox.fake_telegram.errors import RpcError
from sandbox.fake_telegram.rpc.peer_access import by_phone, person
from sandbox.fake_telegram.rpc.registry import Context, method
from sandbox.fake_telegram.state.people import Person
from sandbox.fake_telegram.tl.messages import updates
from sandbox.fake_telegram.tl.peers import peer, peers, user
from sandbox.fake_telegram.tl.serialization import Result, objects

USERNAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{2,31}")


@method("contacts.ResolveUsername")
def resolve_username(context: Context, query: TLObject) -> Result:
    """Return the person, bot, channel or group with the username."""
    context.world.watches[context.account.id].resolve("contacts.ResolveUsername")
    if not USERNAME.fullmatch(query.username):
        raise RpcError(400, "USERNAME_INVALID")
    found = context.world.people.by_username(query.username)
    if found is None:
        raise RpcError(400, "USERNAME_NOT_OCCUPIED")
    return _resolved(context, found)


@method("contacts.ResolvePhone")
def resolve_phone(context: Context, query: TLObject) -> Result:
    """Return the person with the phone; unknown and hidden phones get the same error."""
    _signed_in = context.account
    found = by_phone(context.world, query.phone)
    if found is None or found.privacy.phone_hidden or found.privacy.import_only:
        raise RpcError(400, "PHONE_NOT_OCCUPIED")
    return _resolved(context, found)


@method("contacts.ImportContacts")
def import_contacts(context: Context, query: TLObject) -> Result:
    """Import contacts: unknown phones are missing in `imported`, postponed ones are in `retry_contacts`."""
    mailbox = context.world.mailboxes[context.account.id]
    limit = context.server.settings.imports_allowed
    watch = context.world.watches[context.account.id]
    imported: list[tuple[Person, int]] = []
    later: list[int] = []
    for contact in query.contacts:
        found = by_phone(context.world, contact.phone)
        full = limit is not None and mailbox.imported >= limit
        if full or (found and found.privacy.import_later) or not watch.may_import():
            later.append(contact.client_id)
            continue
        mailbox.imported += 1
        if found is not None and not found.privacy.phone_hidden:
            mailbox.contacts[found.id] = f"{contact.first_name} {contact.last_name}".strip()
            imported.append((found, contact.client_id))
    return raw.types.contacts.ImportedContacts(
        imported=[raw.types.ImportedContact(user_id=one.id, client_id=tag) for one, tag in imported],
        popular_invites=[],
        retry_contacts=later,
        users=[user(context.world, context.account, one) for one, _ in imported],
    )


@method("contacts.GetContacts")
def get_contacts(context: Context, _: TLObject) -> Result:
    """Return all contacts of the account."""
    saved = context.world.mailboxes[context.account.id].contacts
    people = [context.world.people[one] for one in saved if one in context.world.people]
    return raw.types.contacts.Contacts(
        contacts=[raw.types.Contact(user_id=one.id, mutual=False) for one in people],
        saved_count=0,
        users=[user(context.world, context.account, one) for one in people],
    )


@method("contacts.DeleteContacts")
def delete_contacts(context: Context, query: TLObject) -> Result:
    """Delete contacts; the people themselves stay."""
    found = [person(context, one, "CONTACT_ID_INVALID") for one in objects(query.id)]
    for one in found:
        context.world.mailboxes[context.account.id].contacts.pop(one.id, None)
    known = peers(context.world, context.account, {one.id for one in found})
    answer = updates(context.world, context.account, [])
    answer.users = known.users
    return answer


def _resolved(context: Context, found: Person) -> Result:
    known = peers(context.world, context.account, {found.id})
    # Telegram does not include the account itself in this answer.
    users = [one for one in known.users if one.id == found.id]
    return raw.types.contacts.ResolvedPeer(peer=peer(found), chats=known.chats, users=users)
