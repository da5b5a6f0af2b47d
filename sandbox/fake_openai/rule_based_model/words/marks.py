"""Reads the marks in square brackets that stand for reactions, files and the like."""

import re

_REACTION = re.compile(r"\[reaction ([^\[\]]*?)(?: to “[^\[\]]*”)?\]")
_MARK = re.compile(r"\[[^\[\]]*\]")
# Reactions that people leave under an offer they like, or do not like. Others express neither.
LIKES = frozenset("👍❤🔥👌👏🎉🤩🙏💯🤝✅🙌💪🏆😍🥰😘😁💘🕊🫡🆒⚡")
DISLIKES = frozenset("👎💩🤮🤬🖕😡🤡")
YES, NO = "👍", "👎"


def words_of(text: str) -> str:
    """Return the words, with a thumb up or down for each reaction; other marks are not words."""
    return _MARK.sub(" ", _REACTION.sub(lambda found: f" {_thumb(found[1])} ", text)).strip()


def _thumb(emoji: str) -> str:
    signs = set(emoji)
    if signs & DISLIKES:
        return NO
    return YES if signs & LIKES else ""
