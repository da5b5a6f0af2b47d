"""Detects decoration that no manager sends: many emoji, hashtags. Pure."""

import re

MAX_EMOJI = 3
# One emoji with its skin tone and what is joined to it.
_EMOJI_CHARACTER = "[\U0001f000-\U0001faff\u2600-\u27bf\u2b00-\u2bff\u231a-\u231b\u23e9-\u23fa]"
_EMOJI = re.compile(
    rf"{_EMOJI_CHARACTER}[\ufe0f\U0001f3fb-\U0001f3ff]?(?:\u200d{_EMOJI_CHARACTER}[\ufe0f\U0001f3fb-\U0001f3ff]?)*"
)
# Not C#, F# or #1.
_HASHTAG = re.compile(r"(?<![\w&#])#[^\W\d]\w")


def find_problem(text: str) -> str | None:
    """Return which decoration the text has too much of; None if it is plain enough."""
    if _HASHTAG.search(text):
        return "it contains a hashtag"
    return "it contains too many emoji" if len(_EMOJI.findall(text)) > MAX_EMOJI else None
