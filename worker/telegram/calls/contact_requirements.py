"""Reads what a contact requires from strangers: Telegram Premium, or a payment in Stars."""

from typing import Any

from pyrogram import raw

from worker.domain.telegram_port import CannotWriteError, PaymentRequiredError
from worker.telegram.errors.texts import PREMIUM_ONLY


def check_requirement(answer: Any, max_stars: int) -> None:
    """Check an answer of users.getRequirementsToContact for one contact; raises CannotWriteError if not met.

    A requirement without fields arrives as a bare signed number (its constructor id), not as an object.
    """
    (found,) = answer
    if isinstance(found, int):
        if found & 0xFFFFFFFF == raw.types.RequirementToContactPremium.ID:
            raise CannotWriteError(PREMIUM_ONLY)
        return
    if isinstance(found, raw.types.RequirementToContactPremium):
        raise CannotWriteError(PREMIUM_ONLY)
    if isinstance(found, raw.types.RequirementToContactPaidMessages) and found.stars_amount > max_stars:
        raise PaymentRequiredError(found.stars_amount)
