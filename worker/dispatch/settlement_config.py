"""The settings that decide what an outcome leads to: pauses, attempts, drafts, notices to the owner."""

from dataclasses import dataclass
from datetime import timedelta

from shared.translations import Language


@dataclass(frozen=True)
class SettlementConfig:
    """The settings that decide when a lead is next due."""

    debounce: timedelta
    max_attempts: int
    retry_base: float
    retry_max: float
    # True: every message waits for a human's approval.
    drafts: bool = False
    # The language of the notices to the owner; None: there are no notices.
    owner_language: Language | None = None
