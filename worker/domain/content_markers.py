"""Marks: text in square brackets that stands for what a contact did or sent without words. Pure.

`[photo]`, `[file: prices.pdf]`, `[reaction 👍 to “Shall we talk?”]`. docs/develop/messages.md has all.
A mark holds no square bracket and no line break, so that it can be told from the words next to it.
"""

import re

# Before the new text of a message that was edited after its answer.
EDITED = "[edited]"
_MAX_DETAIL = 200
_MAX_EXCERPT = 120
_ANY = re.compile(r"\[[^\[\]]*\]")
_REACTION = re.compile(r"\[reaction ([^\[\]\s]+(?: [^\[\]\s]+)*?)(?: to “[^\[\]]*”)?\]")
_REPLY = re.compile(r"\[reply to [^\[\]]*\]")
# It stands before the whole of a message.
_FORWARDED = re.compile(r"\s*(?:\[reply to [^\[\]]*\]\s*)?\[forwarded(?: from [^\[\]]*)?\]")
# A mark with content: the content is not what the contact says.
_WITH_CONTENT = re.compile(r"\[[A-Za-z -]+: [^\[\]]*\]")
_LINK = re.compile(r"\S{1,40}://\S+")
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+")
_BRACKETS = str.maketrans({"[": "(", "]": ")", "\0": None})


def mark(kind: str, *details: object) -> str:
    """Return `[kind]`, or `[kind: detail / detail]` with the details that are not empty."""
    known = [text for detail in details if (text := clean(detail))]
    return f"[{clean(kind)}: {' / '.join(known)}]" if known else f"[{clean(kind)}]"


def clean(text: object) -> str:
    """Return a text that may stand in a mark: one line, no square brackets, at most 200 characters."""
    if text is None:
        return ""
    line = " ".join(str(text).translate(_BRACKETS).split())
    return line if len(line) <= _MAX_DETAIL else f"{line[: _MAX_DETAIL - 1]}…"


def reaction(emoji: str, text: str = "") -> str:
    """Return the mark of a reaction to a message with this text."""
    return f"[reaction {clean(emoji)}{_to(text)}]"


def reply(text: str = "") -> str:
    """Return the mark before a message that replies to another one."""
    return f"[reply{_to(text) or ' to a message'}]"


def forwarded(author: str = "") -> str:
    """Return the mark before a message that is another one's, forwarded."""
    known = clean(author)
    return f"[forwarded from {known}]" if known else "[forwarded]"


def strip_marks(text: str) -> str:
    """Return only the words, without any mark."""
    return _ANY.sub(" ", text).strip()


def own_words(text: str) -> str:
    """Return what the contact expresses in one message: words, the emoji of reactions, marks without content.

    Quoted and forwarded messages, file names, links and the like are left out: they are not the contact's
    words.
    """
    if _FORWARDED.match(text):
        return ""
    said = _REPLY.sub("", _REACTION.sub(r"\1", text.replace(EDITED, "")))
    return "\n".join(line.strip() for line in _WITH_CONTENT.sub("", said).splitlines()).strip()


def is_only_reactions(text: str) -> bool:
    """Return True if the text consists of marks of reactions."""
    return bool(_REACTION.search(text)) and not _REACTION.sub("", text).strip()


def _to(text: str) -> str:
    quoted = excerpt(text)
    return f" to “{quoted}”" if quoted else ""


def excerpt(text: str) -> str:
    """Return a short text whole; of a longer one the last sentences: there stands the question."""
    line = " ".join(_LINK.sub("…", text.translate(_BRACKETS)).split())
    if len(line) <= _MAX_EXCERPT:
        return line
    kept = ""
    for sentence in reversed(_SENTENCE_END.split(line)):
        longer = f"{sentence} {kept}".strip()
        if len(longer) > _MAX_EXCERPT:
            break
        kept = longer
    return f"… {kept or line[-_MAX_EXCERPT:]}"
