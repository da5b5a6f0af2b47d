"""`python -m worker qualify`: score each configured model on twenty turns, and store the score."""

import json
import sys

from sqlalchemy.exc import SQLAlchemyError

from shared.clock import utc_now
from shared.database.engine import DATABASE_DOWN, Database
from shared.localized_messages import in_language, joined, sentence
from shared.translations import Language, say
from worker.assistant.qualification import scores
from worker.assistant.qualification.qualification import Qualification, qualify
from worker.assistant.trust import BAR
from worker.domain.config.model_servers import host_of
from worker.settings import AssistantSettings


async def qualify_models(settings: AssistantSettings, *, as_json: bool, concurrency: int) -> int:
    """Print the scores; returns the exit code: 0 if every model passes, else 1. Raises AssistantError."""
    results: dict[str, Qualification] = {}
    for model in settings.providers:
        name = sentence(
            "{model} at {address}", model=model.openai_model, address=host_of(model.openai_base_url)
        )
        results[name] = result = await _qualify(model, name, concurrency)
        if not as_json:
            print(_as_text(settings.owner_language, name, result), flush=True)
        await _store(settings, model, result)
    if as_json:
        print(
            json.dumps({name: _as_json(one) for name, one in results.items()}, ensure_ascii=False, indent=1)
        )
    return 0 if all(result.is_passed for result in results.values()) else 1


async def _qualify(model: AssistantSettings, name: str, concurrency: int) -> Qualification:
    def tell(line: str) -> None:
        said = joined(": ", [name, line]).in_language(model.owner_language)
        print(said, file=sys.stderr, flush=True)

    return await qualify(model, tell, concurrency=concurrency)


async def _store(settings: AssistantSettings, model: AssistantSettings, result: Qualification) -> None:
    """Store the score for the worker; without a usable database it is only printed."""
    database = Database(settings.database_url, pool_size=1)
    try:
        async with database.writing() as session:
            await scores.save(session, model, result, now=utc_now())
    except (*DATABASE_DOWN, SQLAlchemyError, OSError) as error:
        said = say(settings.owner_language, "the score is not stored: {why}", why=type(error).__name__)
        print(said, file=sys.stderr)
    finally:
        await database.close()


def _as_text(language: Language, name: str, result: Qualification) -> str:
    verdict = "it may decide" if result.is_passed else "it works in careful mode"
    text = "{model} scored {score:.2f} on the test (the bar is {bar:.2f}): " + verdict
    head = sentence(text, model=name, score=result.score, bar=BAR)
    mistakes = (f"- {turn}: {in_language(language, mistake)}" for turn, mistake in result.wrong.items())
    return "\n".join([head.in_language(language), *mistakes])


def _as_json(result: Qualification) -> dict[str, object]:
    return {
        "score": result.score,
        "bar": BAR,
        "passed": result.is_passed,
        **result.figures,
    }
