"""Whether a model may act without evidence: it earns that in a qualification (docs/develop/evaluation.md)."""

import hashlib
import json
from typing import Literal

from worker.assistant.output_schemas import GreetingAnswer, ReplyAnswer
from worker.assistant.prompts import prompt_files

TrustSetting = Literal["auto", "careful", "full"]
# The host of the model's server, and the model's name.
ServerName = tuple[str, str]

# A qualification with a lower score leaves the model in careful mode.
BAR = 0.8


class Trust:
    """Knows which models may act without evidence; with `auto`, those with a known score over the bar."""

    def __init__(self, setting: TrustSetting = "full") -> None:
        self._setting = setting
        self._trusted: set[ServerName] = set()

    def record(self, server: ServerName, score: float) -> None:
        """Remember the score of a model's qualification."""
        if score >= BAR:
            self._trusted.add(server)
        else:
            self._trusted.discard(server)

    def is_trusted(self, server: ServerName | None) -> bool:
        """Return True if this model may act without evidence; None is an unknown one."""
        if self._setting == "auto":
            return server in self._trusted
        return self._setting == "full"

    @property
    def is_any_trusted(self) -> bool:
        """True if any model is trusted: if none is, none is asked for a greeting."""
        return self._setting == "full" or (self._setting == "auto" and bool(self._trusted))


def prompt_version() -> str:
    """Return a short hash of the shipped prompts and of the schemas: a score is valid for one version."""
    schemas = [schema.model_json_schema() for schema in (GreetingAnswer, ReplyAnswer)]
    prompts = [prompt_files.read("greeting"), prompt_files.read("reply")]
    text = "\n".join([*prompts, json.dumps(schemas, sort_keys=True)])
    return hashlib.sha256(text.encode()).hexdigest()[:12]
