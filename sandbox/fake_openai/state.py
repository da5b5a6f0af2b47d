"""What the server remembers between requests."""

from dataclasses import dataclass, field

from sandbox.fake_openai.call_log import CallLog
from sandbox.fake_openai.faults import FaultBook
from sandbox.fake_openai.usage import PromptCache


@dataclass
class OpenAIState:
    """Faults to come, calls made, the fixed latency of each answer in seconds, and whom the model obeys."""

    latency_seconds: float = 0.0
    obedient: bool = False
    faults: FaultBook = field(default_factory=FaultBook)
    calls: CallLog = field(default_factory=CallLog)
    cache: PromptCache = field(default_factory=PromptCache)
