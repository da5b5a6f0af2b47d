"""`python -m worker pause` and `resume`: stop the messages of all workers, without stopping the workers."""

from sqlalchemy.exc import SQLAlchemyError

from shared.clock import utc_now
from shared.database.engine import DATABASE_DOWN, Database
from shared.leads import pauses
from shared.leads.pauses import Scope
from shared.translations import say
from worker.monitoring.status_report import StatusError, describe_fault
from worker.settings import OwnerLanguage

ACTOR = "command line"
_BEGUN = {
    "first_messages": "Paused: nobody new is written to. Open conversations go on.",
    "all": "Paused: the assistant sends nothing. What people write is stored; your own texts are sent.",
}
_RESUME = "python -m worker resume ends it."
_ENDED, _NOTHING = "The pause has ended: messages are sent again.", "There was no pause."


async def pause(settings: OwnerLanguage, scope: Scope) -> str:
    """Begin a pause; returns a line that says what is paused. Raises StatusError."""
    await _change(settings, scope)
    return " ".join(say(settings.owner_language, text) for text in (_BEGUN[scope], _RESUME))


async def resume(settings: OwnerLanguage) -> str:
    """End the pause; returns a line that says so. Raises StatusError."""
    was_paused = await _change(settings, None)
    return say(settings.owner_language, _ENDED if was_paused else _NOTHING)


async def _change(settings: OwnerLanguage, scope: Scope | None) -> bool:
    database = Database(settings.database_url, pool_size=1)
    try:
        async with database.writing() as session:
            if scope is None:
                return await pauses.end(session, now=utc_now())
            await pauses.begin(session, scope, actor=ACTOR, now=utc_now())
            return True
    except (*DATABASE_DOWN, SQLAlchemyError) as error:
        raise StatusError(describe_fault(error)) from None
    finally:
        await database.close()
