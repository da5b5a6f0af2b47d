"""Checks how far each model may be trusted: reads the score of its qualification, or runs one."""

import asyncio
from contextlib import suppress

from sqlalchemy.exc import SQLAlchemyError

from shared.clock import utc_now
from shared.database.engine import DATABASE_DOWN, Database
from shared.localized_messages import sentence
from worker.assistant.qualification import scores
from worker.assistant.qualification.qualification import qualify
from worker.assistant.trust import BAR
from worker.doctor.findings import Finding, failed, passed
from worker.domain.assistant_port import AssistantError
from worker.settings import AssistantSettings

TRUST = "trust"
_BETTER = "a better model in OPENAI_MODEL; python -m worker qualify shows what it gets wrong"
_FIXED = {
    "full": "the model decides, without a test (ASSISTANT_TRUST=full)",
    "careful": "evidence is asked for, and fixed texts are used (ASSISTANT_TRUST=careful)",
}


async def check_trust(settings: AssistantSettings, database: Database | None) -> list[Finding]:
    """Return a finding for each configured provider; models without a score answer twenty turns."""
    if settings.assistant_trust != "auto":
        return [passed(TRUST, _FIXED[settings.assistant_trust])]
    return list(await asyncio.gather(*(_check(model, database) for model in settings.providers)))


async def _check(model: AssistantSettings, database: Database | None) -> Finding:
    name = model.openai_model
    score = await _stored_score(model, database)
    if score is None:
        try:
            score = await _qualify(model, database)
        except AssistantError as error:
            return failed(TRUST, "{model} could not be tested: {why}", "try again", model=name, why=error)
    if score >= BAR:
        text = "{model} scored {score:.2f} on the test (the bar is {bar:.2f}): it may decide"
        return passed(TRUST, text, model=name, score=score, bar=BAR)
    problem = sentence(
        "{model} scored {score:.2f} on the test (the bar is {bar:.2f}): it works in careful mode",
        model=name,
        score=score,
        bar=BAR,
    )
    # The set-up works, only with less freedom.
    return Finding(TRUST, is_well=True, said=problem, remedy=_BETTER)


async def _stored_score(model: AssistantSettings, database: Database | None) -> float | None:
    if database is None:
        return None
    with suppress(*DATABASE_DOWN, SQLAlchemyError, OSError):
        async with database.reading() as session:
            return await scores.load(session, model)
    return None


async def _qualify(model: AssistantSettings, database: Database | None) -> float:
    result = await qualify(model)
    if database is not None:
        with suppress(*DATABASE_DOWN, SQLAlchemyError, OSError):
            async with database.writing() as session:
                await scores.save(session, model, result, now=utc_now())
    return result.score
