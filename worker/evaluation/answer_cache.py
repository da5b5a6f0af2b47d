"""Answers of a model kept in a file, so that a run can be repeated without asking, or paying, again."""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path

from worker.assistant.client import AnswerT, ModelAnswer, ModelClient
from worker.domain.assistant_port import Turn, Usage


class Replay:
    """Asks the model what the file does not know yet, and writes the answer down."""

    def __init__(self, model: ModelClient, name: str, path: Path) -> None:
        self._model, self._name, self._path = model, name, path
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        self._known = {row["key"]: row for row in map(json.loads, lines)}

    async def ask(self, instructions: str, turns: list[Turn], shape: type[AnswerT]) -> ModelAnswer[AnswerT]:
        """The kept answer to the same request to the same model, or else a new one."""
        asked = [self._name, shape.__name__, instructions, [[turn.ours, turn.text] for turn in turns]]
        key = hashlib.sha256(json.dumps(asked).encode()).hexdigest()
        if (row := self._known.get(key)) is not None:
            return ModelAnswer(shape.model_validate(row["answer"]), Usage(**row["usage"]))
        answered = await self._model.ask(instructions, turns, shape)
        answer = answered.value.model_dump(mode="json")
        self._known[key] = row = {"key": key, "answer": answer, "usage": asdict(answered.usage)}
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return answered

    async def transcribe(self, audio: bytes) -> str:
        """Never kept: the cases are written words."""
        return await self._model.transcribe(audio)
