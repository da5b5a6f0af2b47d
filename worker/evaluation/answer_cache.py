"""Model answers stored in a file, so that a run can be repeated without paying for the same calls again."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from worker.assistant.model_client.client import AnswerT, ModelAnswer, ModelClient
from worker.domain.assistant_port import Turn, Usage


class AnswerCache:
    """A ModelClient that calls the model only for requests that the file does not contain.

    Each new answer is appended to the file.
    """

    def __init__(self, model: ModelClient, name: str, path: Path) -> None:
        self._model, self._name, self._path = model, name, path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._stored = {row["key"]: row for row in map(json.loads, lines)}

    async def ask(self, instructions: str, turns: list[Turn], schema: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """Return the stored answer to the same request to the same model, or call the model.

        Raises what the wrapped client raises.
        """
        request = [self._name, schema.__name__, instructions, [[turn.from_us, turn.text] for turn in turns]]
        key = hashlib.sha256(json.dumps(request).encode()).hexdigest()
        if (row := self._stored.get(key)) is not None:
            return ModelAnswer(schema.model_validate(row["answer"]), Usage(**row["usage"]))
        result = await self._model.ask(instructions, turns, schema)
        answer = result.value.model_dump(mode="json")
        self._stored[key] = row = {"key": key, "answer": answer, "usage": asdict(result.usage)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return result

    async def transcribe(self, audio: bytes) -> str:
        """Call the model. Transcripts are not stored: the cases are text only."""
        return await self._model.transcribe(audio)
