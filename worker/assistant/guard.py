"""Pure: what no text of the model may carry to a person."""

import re

from shared.log import mask_phones

# The prompt asks for four sentences; Telegram's own limit is 4,096.
MOST_CHARACTERS = 1_500

# Domains that chats turn into links; "Node.js", "3.5" and "т.е." are none.
_ENDINGS = (
    "com|net|org|info|biz|io|co|ai|gg|ly|me|tv|cc|su|ru|рф|рус|бел|укр|by|kz|ua|uz|am|ge|eu|uk|de|us"
    "|app|dev|site|online|онлайн|сайт|store|shop|tech|pro|club|link|page|top|xyz|space|website|digital|agency"
)
_LINK = re.compile(rf"https?://|www\.|tg://|@\w{{4,}}|\b[\w-]+\.(?:{_ENDINGS})\b", re.IGNORECASE)
# A trunk zero, as outside Russia; the others are shared.log's to find, and it leaves prices and dates alone.
_PHONE = re.compile(r"(?<!\d)(?<!\d\s)0[1-9][\d\s()\-]{7,}\d")
_PLACEHOLDER = re.compile(r"\[[^\W\d_][^\]]*\]|\{\w+\}")


def problem(text: str) -> str | None:
    """Why `text` may not be sent as it is; None if it may."""
    if not text.strip():
        return "it is empty"
    if len(text) > MOST_CHARACTERS:
        return "it is too long"
    if mask_phones(text) != text:
        return "it contains a phone number"
    for pattern, what in ((_LINK, "a link"), (_PHONE, "a phone number"), (_PLACEHOLDER, "a placeholder")):
        if pattern.search(text):
            return f"it contains {what}"
    return None


def tidy(text: str) -> str:
    """The text without the markup that Telegram would show as it stands."""
    return re.sub(r"\*\*|__|`", "", text).strip()
