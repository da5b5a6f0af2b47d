"""The stored scores of the configured models, for this version of the prompts."""

from datetime import datetime

from sqlmodel.ext.asyncio.session import AsyncSession

from worker.assistant.qualification.qualification import Qualification
from worker.assistant.trust import ServerName, prompt_version
from worker.domain.config.model_servers import host_of
from worker.monitoring import qualifications
from worker.settings import AssistantSettings


def server_of(model: AssistantSettings) -> ServerName:
    """Return the name under which a model's score is stored."""
    return host_of(model.openai_base_url), model.openai_model


async def load(session: AsyncSession, model: AssistantSettings) -> float | None:
    """Return the score of a model; None if it is not qualified for these prompts."""
    row = await qualifications.load(session, *server_of(model), prompt_version())
    return row.score if row is not None else None


async def save(
    session: AsyncSession, model: AssistantSettings, result: Qualification, *, now: datetime
) -> None:
    """Store the result of a qualification."""
    await qualifications.save(
        session,
        *server_of(model),
        version=prompt_version(),
        score=result.score,
        figures=result.figures,
        now=now,
    )
