"""Failed answers of model servers as they were reported: model_failures.jsonl has one a line.

`kind` is the kind of the failure (FailureKind), `says` are words that the owner must read.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from worker.assistant.failures.error_classes import FailureKind

_FILE = Path(__file__).with_suffix(".jsonl")


@dataclass(frozen=True)
class Case:
    """One answer: who sent it, its kind, status, body and headers."""

    provider: str
    kind: FailureKind
    status: int
    body: Any
    says: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as it is sent."""
        return self.body if isinstance(self.body, str) else json.dumps(self.body, ensure_ascii=False)

    def __str__(self) -> str:
        return f"{self.provider} {self.status} {self.kind}: {self.text[:50]}"


def error(message: str, type_: str | None = None, code: object = None) -> dict[str, Any]:
    """An error body like OpenAI's."""
    return {"error": {"message": message, "type": type_, "param": None, "code": code}}


def _load() -> tuple[Case, ...]:
    rows = [json.loads(line) for line in _FILE.read_text("utf-8").splitlines()]
    return tuple(Case(**row | {"kind": FailureKind(row["kind"])}) for row in rows)


CASES = _load()
