"""State of the fake OpenAI server between requests."""

from dataclasses import dataclass, field

from sandbox.fake_openai.call_log import CallLog
from sandbox.fake_openai.faults import FaultQueue
from sandbox.fake_openai.usage import PromptCache


@dataclass
class OpenAIState:
    """Pending faults, the call log, the latency of each answer in seconds, and which model answers."""

    latency_seconds: float = 0.0
    obedient: bool = False
    small: bool = False
    faults: FaultQueue = field(default_factory=FaultQueue)
    calls: CallLog = field(default_factory=CallLog)
    cache: PromptCache = field(default_factory=PromptCache)

    @property
    def model_kind(self) -> str:
        """What answers in the name of every model."""
        if self.small:
            return "the sandbox's bad small model"
        return "the sandbox's obedient model" if self.obedient else "the sandbox's rules"
