"""The leads of a round: new ones that are found in each way, and conversations with an answer that waits."""

import itertools

from sandbox.fake_telegram.state.people import Person, PersonFields, Privacy
from shared.database.models import Lead
from shared.statuses import LeadStatus
from tests.chaos.sweep.rig import Rig
from tests.support.rows import add_lead, add_message
from worker.domain.telegram_port import Peer
from worker.outreach import peer_cache

# New leads: looked up by username, by phone, and known before. Conversations: a reply, a voice message, a
# reaction; nothing of them is pushed, so that the worker has to find it.
NEW, CONVERSATIONS = ("username", "phone", "known"), ("reply", "voice", "reaction")
EVERY_LEAD = (*NEW, *CONVERSATIONS)
GREETING = "Здравствуйте!"

_numbers = itertools.count(1)


class RoundLeads:
    """Adds leads to the rig's database, and their people to its Telegram."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self.people: list[Person] = []

    async def add(self, name: str) -> None:
        """Add the lead of this name, one of `EVERY_LEAD`."""
        match name:
            case "username":
                await self._add_new(name, PersonFields(name="Анна", username=f"anna_{next(_numbers)}"))
            case "phone":
                phone = f"7916{next(_numbers):07d}"
                privacy = Privacy(import_only=True)
                await self._add_new(name, PersonFields(name="Пётр", phone=phone, privacy=privacy))
            case "known":
                fields = PersonFields(name="Олег", username=f"oleg_{next(_numbers)}")
                await self._remember(await self._add_new(name, fields))
            case _:
                await self._add_conversation(name)

    async def _add_new(self, name: str, fields: PersonFields) -> Person:
        person = self._add_person(fields)
        phone = f"+{person.phone}" if person.phone else None
        await self._store(name, username=person.username, phone=person.phone, phone_e164=phone)
        return person

    async def _remember(self, person: Person) -> None:
        rig, peer = self._rig, Peer(person.id, self._access_hash(person))
        async with rig.database.writing() as session:
            await peer_cache.store_usernames(
                session, rig.account_id, {person.username or "": peer}, now=rig.time()
            )

    async def _add_conversation(self, name: str) -> None:
        """Add a conversation whose greeting is sent, and whose answer comes without an update."""
        rig, world = self._rig, self._rig.server.world
        silence = rig.server.faults.plan("suppress", times=None)
        person = self._add_person(PersonFields(name="Мария", username=f"maria_{next(_numbers)}"))
        sent = world.send(rig.account, person, GREETING, random_id=next(_numbers)).message
        lead = await self._store(
            name,
            username=person.username,
            status=LeadStatus.CONTACTED,
            account_id=rig.account_id,
            resolved_via="username",
            telegram_user_id=person.id,
            access_hash=self._access_hash(person),
            due_at=None,
        )
        await add_message(
            rig.database,
            lead,
            direction="out",
            kind="greeting",
            state="sent",
            text=GREETING,
            telegram_message_id=sent.id if sent else None,
            sent_at=rig.time(),
            created_at=rig.time(),
        )
        if name == "voice":
            world.write(person, rig.account, "", "voice", "да, давайте созвонимся")
        elif name == "reaction":
            world.react(rig.account, person.id, "👍")
        else:
            world.write(person, rig.account, "Да, давайте созвонимся")
        rig.server.faults.remove(silence.id)

    def _add_person(self, fields: PersonFields) -> Person:
        person = self._rig.server.world.people.add(fields)
        self.people.append(person)
        return person

    def _access_hash(self, person: Person) -> int:
        return self._rig.server.world.access_hash(self._rig.account.id, person.id)

    async def _store(self, name: str, **columns: object) -> Lead:
        now = self._rig.time()
        times = {"created_at": now, "updated_at": now, "due_at": now}
        return await add_lead(self._rig.database, name=name, **times | columns)


def is_over(lead: Lead) -> bool:
    """Return True if the lead was greeted, or its reply answered, or it was given up."""
    if lead.name in CONVERSATIONS:
        return lead.status is not LeadStatus.CONTACTED
    return lead.status not in (LeadStatus.PENDING, LeadStatus.RESOLVED)
