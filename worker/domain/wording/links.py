"""Finds links in a text, also disguised ones and those that a chat would make of plain words. Pure."""

import re

# Top-level domains that chats turn into links. "Node.js", "3.5" and "т.е." must not match.
_TOP_LEVEL_DOMAINS = (
    "com|net|org|info|biz|io|co|ai|gg|ly|me|tv|cc|su|ru|рф|рус|бел|укр|by|kz|ua|uz|am|ge|eu|uk|de|us"
    "|app|dev|site|online|онлайн|сайт|store|shop|tech|pro|club|link|page|top|xyz|space|website|digital|"
    "agency"
)
_LINK = re.compile(
    rf"h\s?[tx]{{2}}ps?\s?:|www\.|tg://|mailto:|@\w{{4,}}|xn--|(?<=[\w-])\.(?:{_TOP_LEVEL_DOMAINS})\b"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    # Any other ending in lower case: after a missing space, the next sentence would begin in upper case.
    r"|(?-i:(?<=[a-z0-9-])\.(?!(?:js|ts|py|md|g|e|m|xlsx?|docx?|pdf|csv|json|html?|php|xml|png"
    r"|jpe?g)\b)[a-z]{2,12})\b",
    re.IGNORECASE,
)
# Products and technologies with a dot in their name. A chat shows some of them as links to their own sites.
_DOTTED_NAMES = re.compile(
    r"(?<![\w.@/-])(?:(?:asp|ado|vb|ml|c#|f#)?\.net|[a-z]{2,15}\.js|socket\.io|draw\.io|booking\.com"
    r"|monday\.com"
    r"|make\.com|cal\.com|mail\.ru|hh\.ru|chart\.io|bitrix24\.ru|character\.ai|fly\.io)(?![\w/-]|\.\w)",
    re.IGNORECASE,
)
# A disguised link that the reader has to put together.
_BROKEN_LINK = re.compile(
    r"\w\s?(?:\[\.\]|\(\.\)|\[dot\]|\(dot\)|\{\.\}|\s\.\s?)\s?(?:com|net|org|io|me|ru|рф|xyz|top|site|"
    r"online)\b"
    r"|\bточка\s(?:com|net|org|io|me|ru|рф|ру|ком|xyz)\b|\bt\s?\.\s?me\b"
    rf"|\bdot\s(?:{_TOP_LEVEL_DOMAINS})\b",
    re.IGNORECASE,
)


def contains_link(visible: str) -> bool:
    """Return True if the text has a link; the names of products such as Node.js are none."""
    plain = _DOTTED_NAMES.sub(" ", visible)
    return _LINK.search(plain) is not None or _BROKEN_LINK.search(plain) is not None
