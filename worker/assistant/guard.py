"""Pure: what no text of the model may carry to a person."""

import re

# The prompt asks for four sentences; Telegram's own limit is 4,096.
MOST_CHARACTERS = 1_500

_LINK = re.compile(
    r"https?://|www\.|\bt\.me/|tg://|@\w{4,}|\b[\w-]+\.(?:com|ru|рф|net|org|io|me|su|app|site|link|dev|shop|xyz)\b",
    re.IGNORECASE,
)
_PHONE = re.compile(r"\+?\d[\d\s()\-]{8,}\d")
_PLACEHOLDER = re.compile(
    r"\[(?:имя|name|ваше имя|your name|company|компания)[^\]]*\]|\{\w+\}", re.IGNORECASE
)


def problem(text: str) -> str | None:
    """Why `text` may not be sent as it is; None if it may."""
    if not text.strip():
        return "it is empty"
    if len(text) > MOST_CHARACTERS:
        return "it is too long"
    for pattern, what in ((_LINK, "a link"), (_PHONE, "a phone number"), (_PLACEHOLDER, "a placeholder")):
        if pattern.search(text):
            return f"it contains {what}"
    return None


def tidy(text: str) -> str:
    """The text without the markup that Telegram would show as it stands."""
    return re.sub(r"\*\*|__|`", "", text).strip()
