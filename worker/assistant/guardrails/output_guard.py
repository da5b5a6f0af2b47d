"""Pure: what no text may carry to a person, whoever wrote it, and what no text of the model may."""

import re
from dataclasses import dataclass, field

from shared.logging_setup import mask_phones
from worker.assistant.guardrails import grounding, language, prompt_leaks
from worker.assistant.guardrails.dictated_text import DictatedText
from worker.assistant.guardrails.grounding import GroundingSource
from worker.assistant.guardrails.prompt_leaks import PromptFingerprint
from worker.assistant.guardrails.text_normalization import count_invisible, search_form, strip_invisible

# The prompt asks for four sentences; Telegram's own limit is 4,096.
MOST_CHARACTERS = 1_500

# Domains that chats turn into links; "Node.js", "3.5" and "т.е." are none.
_ENDINGS = (
    "com|net|org|info|biz|io|co|ai|gg|ly|me|tv|cc|su|ru|рф|рус|бел|укр|by|kz|ua|uz|am|ge|eu|uk|de|us"
    "|app|dev|site|online|онлайн|сайт|store|shop|tech|pro|club|link|page|top|xyz|space|website|digital|"
    "agency"
)
_LINK = re.compile(
    rf"h\s?[tx]{{2}}ps?\s?:|www\.|tg://|mailto:|@\w{{4,}}|xn--|\b[\w-]+\.(?:{_ENDINGS})\b"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    # Any other ending, for which nobody has forgotten the space after a full stop.
    r"|\b(?-i:[a-z0-9-]+\.(?!js\b|ts\b|py\b|md\b|g\b|e\b|m\b)[a-z]{2,12})\b",
    re.IGNORECASE,
)
# A link in pieces, for the person to put together.
_BROKEN_LINK = re.compile(
    r"\w\s?(?:\[\.\]|\(\.\)|\[dot\]|\(dot\)|\{\.\}|\s\.\s?)\s?(?:com|net|org|io|me|ru|рф|xyz|top|site|"
    r"online)\b"
    r"|\b(?:точка|dot)\s(?:com|net|org|io|me|ru|рф|ру|ком|xyz)\b|\bt\s?\.\s?me\b",
    re.IGNORECASE,
)
# A trunk zero, as outside Russia; the others are shared.logging_setup's to find, and it leaves prices and dates alone.
_PHONE = re.compile(r"(?<!\d)(?<!\d\s)0[1-9][\d\s()\-]{7,}\d")
_PLACEHOLDER = re.compile(r"\[[^\W\d_][^\]]*\]|\{\w+\}")
_MARKUP = re.compile(
    r"</?[a-z]\w*(?:\s[^<>]*)?/?>|```|\]\(|^\s*[{\[]\s*\"|^\s*\|.*\|\s*$", re.IGNORECASE | re.M
)
_HUMAN = re.compile(
    r"\bя (?!не )(?:\w+ ){0,2}(?:человек|жив[оа]\w+)\b|\b(?<!если )не (?:бот|робот|нейросеть|программа|"
    r"автоответчик)\b"
    r"|\bне с (?:ботом|роботом|нейросетью)\b|\b(?:с вами|вам) (?:сейчас )?(?:общается|говорит|"
    r"переписывается|"
    r"пишет|отвечает) (?:\w+ )?(?:человек|менеджер|сотрудник)\b"
    r"|\bвы (?:сейчас )?(?:общаетесь|говорите|переписываетесь) с (?:\w+ )?(?:человеком|менеджером|"
    r"сотрудником)\b"
    r"|\b(?:i'?m|i am) (?!not )(?:\w+ ){0,3}(?:human|person)\b|\bnot (?:a |an )?(?:bot|robot|ai|machine)\b"
)
_STAFF = re.compile(r"\bя (?!не )(?:\w+ )?(?:менеджер|сотрудни\w+|специалист|консультант|оператор)\b")
_ASKS_WHO = re.compile(
    r"\b(?:вы|ты|это)\W+(?:\w+\W+){0,3}(?:бот|робот|человек|жив[оа]\w+|нейросеть|нейронка|программа|ии|"
    r"gpt)\b"
    r"|\b(?:бот|робот|человек|нейросеть|нейронка)\b\W*\?|\bс (?:ботом|роботом|человеком|нейросетью)\b"
    r"|\b(?:are|r) (?:you|u|this) (?:an? )?(?:\w+ )?(?:bot|robot|human|person|ai|real)\b|"
    r"\bis this (?:an? )?(?:bot|ai)\b"
)


@dataclass(frozen=True)
class Context:
    """What a text of the model answers, and what it may rest on."""

    ground: GroundingSource
    secrets: PromptFingerprint
    # The person's latest words, and the scripts in which they may be answered.
    said: str = ""
    scripts: frozenset[str] = field(default_factory=frozenset)
    dictated: DictatedText = field(default_factory=DictatedText)


def problem(text: str, context: Context | None = None) -> str | None:
    """Why `text` may not be sent as it is; None if it may. With a context, as a text of the model."""
    why = _form_problem(text)
    return _model_problem(text, context) if why is None and context is not None else why


def tidy(text: str) -> str:
    """The text without the markup that Telegram would show as it stands."""
    return re.sub(r"\*\*|__|`|^#{1,6}\s+", "", text, flags=re.MULTILINE).strip()


def _form_problem(text: str) -> str | None:
    if not text.strip():
        return "it is empty"
    if len(text) > MOST_CHARACTERS:
        return "it is too long"
    seen = strip_invisible(text)
    if mask_phones(seen) != seen:
        return "it contains a phone number"
    for pattern, what in (
        (_LINK, "a link"),
        (_BROKEN_LINK, "a link"),
        (_PHONE, "a phone number"),
        (_PLACEHOLDER, "a placeholder"),
        (_MARKUP, "markup"),
    ):
        if pattern.search(seen):
            return f"it contains {what}"
    return "it contains signs that show nothing" if count_invisible(text) else None


def _model_problem(text: str, context: Context) -> str | None:
    if context.secrets.in_text(text):
        return "it tells of the instructions"
    if context.dictated.in_text(text):
        return "it says what an outsider told it to say"
    if prompt_leaks.unreadable(text):
        return "it contains what nobody can read"
    if not language.speaks(text, context.scripts):
        return "it is not in the person's language"
    said = search_form(text)
    if _HUMAN.search(said) or (_ASKS_WHO.search(search_form(context.said)) and _STAFF.search(said)):
        return "it claims to be human"
    return grounding.problem(text, context.ground)
