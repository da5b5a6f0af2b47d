"""Pure: the link that opens a person's chat in Telegram's apps, for people without a phone and a username.

It is stored in `leads.phone`, because a lead must have a contact that a human can use. It is no phone.
"""

_LINK = "tg://user?id="


def telegram_link(user_id: int) -> str:
    """Return the link of a Telegram user."""
    return f"{_LINK}{user_id}"


def without_link(contact: str | None) -> str | None:
    """Return a contact that is stored as a phone; None for such a link."""
    return None if contact is not None and contact.startswith(_LINK) else contact
