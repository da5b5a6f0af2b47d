"""What a person asks of strangers who want to write to them."""

from typing import Any

from pyrogram import raw

from worker.domain.telegram_port import CannotWriteError, PaymentRequiredError

PREMIUM_ONLY = "only Telegram Premium accounts may write to them"


def requirement(answer: Any, most_stars: int) -> None:
    """Read users.getRequirementsToContact for one person; raises CannotWriteError if we do not meet it.

    What has no fields arrives as its bare number, signed, and not as an object.
    """
    (found,) = answer
    if isinstance(found, int):
        if found & 0xFFFFFFFF == raw.types.RequirementToContactPremium.ID:
            raise CannotWriteError(PREMIUM_ONLY)
        return
    if isinstance(found, raw.types.RequirementToContactPremium):
        raise CannotWriteError(PREMIUM_ONLY)
    if isinstance(found, raw.types.RequirementToContactPaidMessages) and found.stars_amount > most_stars:
        raise PaymentRequiredError(found.stars_amount)
