"""Checks a text before it is sent: rules for every text, and more rules for texts of the model. Pure."""

import re
from dataclasses import dataclass, field

from shared.logging_setup import mask_phones
from worker.assistant.guardrails import grounding, language, prompt_leaks
from worker.assistant.guardrails.dictated_text import DictatedText
from worker.assistant.guardrails.grounding import GroundingSource
from worker.assistant.guardrails.prompt_leaks import PromptFingerprint
from worker.assistant.guardrails.text_normalization import count_invisible, search_form, strip_invisible

# The prompt asks for four sentences; Telegram's own limit is 4,096.
MAX_CHARACTERS = 1_500

# Top-level domains that chats turn into links. "Node.js", "3.5" and "т.е." must not match.
_TOP_LEVEL_DOMAINS = (
    "com|net|org|info|biz|io|co|ai|gg|ly|me|tv|cc|su|ru|рф|рус|бел|укр|by|kz|ua|uz|am|ge|eu|uk|de|us"
    "|app|dev|site|online|онлайн|сайт|store|shop|tech|pro|club|link|page|top|xyz|space|website|digital|"
    "agency"
)
_LINK = re.compile(
    rf"h\s?[tx]{{2}}ps?\s?:|www\.|tg://|mailto:|@\w{{4,}}|xn--|\b[\w-]+\.(?:{_TOP_LEVEL_DOMAINS})\b"
    r"|\b\d{1,3}(?:\.\d{1,3}){3}\b"
    # Any other ending in lower case: after a missing space, the next sentence would begin in upper case.
    r"|\b(?-i:[a-z0-9-]+\.(?!js\b|ts\b|py\b|md\b|g\b|e\b|m\b)[a-z]{2,12})\b",
    re.IGNORECASE,
)
# A disguised link that the reader has to put together.
_BROKEN_LINK = re.compile(
    r"\w\s?(?:\[\.\]|\(\.\)|\[dot\]|\(dot\)|\{\.\}|\s\.\s?)\s?(?:com|net|org|io|me|ru|рф|xyz|top|site|"
    r"online)\b"
    r"|\b(?:точка|dot)\s(?:com|net|org|io|me|ru|рф|ру|ком|xyz)\b|\bt\s?\.\s?me\b",
    re.IGNORECASE,
)
# Numbers with a trunk zero, as outside Russia; shared.logging_setup finds the others, not prices or dates.
_PHONE = re.compile(r"(?<!\d)(?<!\d\s)0[1-9][\d\s()\-]{7,}\d")
_PLACEHOLDER = re.compile(r"\[[^\W\d_][^\]]*\]|\{\w+\}")
_MARKUP = re.compile(
    r"</?[a-z]\w*(?:\s[^<>]*)?/?>|```|\]\(|^\s*[{\[]\s*\"|^\s*\|.*\|\s*$", re.IGNORECASE | re.M
)
_CLAIMS_HUMAN = re.compile(
    r"\bя (?!не )(?:\w+ ){0,2}(?:человек|жив[оа]\w+)\b|\b(?<!если )не (?:бот|робот|нейросеть|программа|"
    r"автоответчик)\b"
    r"|\bне с (?:ботом|роботом|нейросетью)\b|\b(?:с вами|вам) (?:сейчас )?(?:общается|говорит|"
    r"переписывается|"
    r"пишет|отвечает) (?:\w+ )?(?:человек|менеджер|сотрудник)\b"
    r"|\bвы (?:сейчас )?(?:общаетесь|говорите|переписываетесь) с (?:\w+ )?(?:человеком|менеджером|"
    r"сотрудником)\b"
    r"|\b(?:i'?m|i am) (?!not )(?:\w+ ){0,3}(?:human|person)\b|\bnot (?:a |an )?(?:bot|robot|ai|machine)\b"
)
_CLAIMS_STAFF = re.compile(r"\bя (?!не )(?:\w+ )?(?:менеджер|сотрудни\w+|специалист|консультант|оператор)\b")
_ASKS_IF_BOT = re.compile(
    r"\b(?:вы|ты|это)\W+(?:\w+\W+){0,3}(?:бот|робот|человек|жив[оа]\w+|нейросеть|нейронка|программа|ии|"
    r"gpt)\b"
    r"|\b(?:бот|робот|человек|нейросеть|нейронка)\b\W*\?|\bс (?:ботом|роботом|человеком|нейросетью)\b"
    r"|\b(?:are|r) (?:you|u|this) (?:an? )?(?:\w+ )?(?:bot|robot|human|person|ai|real)\b|"
    r"\bis this (?:an? )?(?:bot|ai)\b"
)


@dataclass(frozen=True)
class GuardContext:
    """What the checks of a model's text need: the facts it may use, and what it answers."""

    source: GroundingSource
    prompt_fingerprint: PromptFingerprint
    # The contact's latest text, and the scripts in which it may be answered.
    latest_text: str = ""
    scripts: frozenset[str] = field(default_factory=frozenset)
    dictated: DictatedText = field(default_factory=DictatedText)


def find_problem(text: str, context: GuardContext | None = None) -> str | None:
    """Return why `text` must not be sent, or None. With `context`, also check it as a text of the model."""
    problem = _content_problem(text)
    if problem is None and context is not None:
        return _model_problem(text, context)
    return problem


def strip_markup(text: str) -> str:
    """Return the text without Markdown, which Telegram would show as plain characters."""
    return re.sub(r"\*\*|__|`|^#{1,6}\s+", "", text, flags=re.MULTILINE).strip()


def _content_problem(text: str) -> str | None:
    if not text.strip():
        return "it is empty"
    if len(text) > MAX_CHARACTERS:
        return "it is too long"
    visible = strip_invisible(text)
    if mask_phones(visible) != visible:
        return "it contains a phone number"
    for pattern, what in (
        (_LINK, "a link"),
        (_BROKEN_LINK, "a link"),
        (_PHONE, "a phone number"),
        (_PLACEHOLDER, "a placeholder"),
        (_MARKUP, "markup"),
    ):
        if pattern.search(visible):
            return f"it contains {what}"
    return "it contains invisible characters" if count_invisible(text) else None


def _model_problem(text: str, context: GuardContext) -> str | None:
    if context.prompt_fingerprint.matches(text):
        return "it reveals the instructions"
    if context.dictated.is_repeated_in(text):
        return "it repeats a text that the contact dictated"
    if prompt_leaks.is_unreadable(text):
        return "it contains unreadable text"
    if not language.is_in_scripts(text, context.scripts):
        return "it is not in the contact's language"
    normalized = search_form(text)
    if _CLAIMS_HUMAN.search(normalized) or (
        _ASKS_IF_BOT.search(search_form(context.latest_text)) and _CLAIMS_STAFF.search(normalized)
    ):
        return "it claims to be human"
    return grounding.find_problem(text, context.source)
