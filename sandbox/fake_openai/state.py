"""State of the fake OpenAI server between requests."""

from dataclasses import dataclass, field

from sandbox.fake_openai.call_log import CallLog
from sandbox.fake_openai.faults import FaultQueue
from sandbox.fake_openai.usage import PromptCache


@dataclass
class OpenAIState:
    """Pending faults, the call log, the latency of each answer in seconds, and the obedient mode."""

    latency_seconds: float = 0.0
    obedient: bool = False
    faults: FaultQueue = field(default_factory=FaultQueue)
    calls: CallLog = field(default_factory=CallLog)
    cache: PromptCache = field(default_factory=PromptCache)
