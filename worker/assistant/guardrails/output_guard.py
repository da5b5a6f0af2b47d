"""Checks a text before it is sent: rules for every text, and more rules for texts of the model. Pure."""

import re
from dataclasses import dataclass, field

from shared.logging_setup import mask_phones
from worker.assistant.guardrails.checks import (
    claimed_actions,
    decoration,
    language,
    mixed_language,
    names,
    prompt_leaks,
    repetition,
    role_reversal,
    self_presentation,
    self_reference,
    template_artifacts,
)
from worker.assistant.guardrails.checks.prompt_leaks import PromptFingerprint
from worker.assistant.guardrails.evidence.dictated_text import DictatedText
from worker.assistant.guardrails.facts import grounding
from worker.assistant.guardrails.facts.grounding import GroundingSource
from worker.assistant.guardrails.text_normalization import count_invisible, strip_invisible
from worker.domain.wording.links import contains_link

# The prompt asks for four sentences; Telegram's own limit is 4,096.
MAX_CHARACTERS = 1_500

# Numbers with a trunk zero, as outside Russia; shared.logging_setup finds the others, not prices or dates.
_PHONE = re.compile(r"(?<!\d)(?<!\d\s)0[1-9][\d\s()\-]{7,}\d")
_MARKUP = re.compile(
    r"</?[a-z]\w{0,20}(?:\s[^<>]{0,200})?/?>|```|\]\(|[{\[]\s{0,9}\""
    # Cells of a table, asterisks of a list, and signs that are written for a browser.
    r"|^[^\S\n]{0,9}\|.*\|[^\S\n]{0,9}$|\S\s{1,3}\|\s{1,3}\S|(?:^|\s)\*\s\S|&(?:[a-z]{2,8}"
    r"|#x?[0-9a-f]{1,6});|\\[nrt](?![a-z])",
    re.IGNORECASE | re.M,
)
# Not a line of underscores: that is a gap to be filled in.
_MARKDOWN = re.compile(r"\*\*|(?<!_)__(?=\w)|(?<=\w)__(?!_)|`|^#{1,6}\s+", re.MULTILINE)


@dataclass(frozen=True)
class GuardContext:
    """What the checks of a model's text need: the facts it may use, and what it answers."""

    source: GroundingSource
    prompt_fingerprint: PromptFingerprint
    # The contact's latest text, and the scripts in which it may be answered.
    latest_text: str = ""
    scripts: frozenset[str] = field(default_factory=frozenset)
    dictated: DictatedText = field(default_factory=DictatedText)
    contact_name: str = ""
    # Our earlier texts, oldest first, and what the contact asked for in the form.
    own_texts: tuple[str, ...] = ()
    request: str = ""


def find_problem(text: str, context: GuardContext | None = None) -> str | None:
    """Return why `text` must not be sent, or None. With `context`, also check it as a text of the model."""
    problem = _content_problem(text)
    if problem is None and context is not None:
        return _model_problem(text, context)
    return problem


def strip_markup(text: str) -> str:
    """Return the text without Markdown, which Telegram would show as plain characters."""
    return _MARKDOWN.sub("", text).strip()


def _content_problem(text: str) -> str | None:
    if not text.strip():
        return "it is empty"
    if len(text) > MAX_CHARACTERS:
        return "it is too long"
    visible = strip_invisible(text)
    for is_there, what in (
        (mask_phones(visible) != visible or _PHONE.search(visible), "a phone number"),
        (contains_link(visible), "a link"),
        (_MARKUP.search(visible), "markup"),
        (count_invisible(text), "invisible characters"),
    ):
        if is_there:
            return f"it contains {what}"
    return template_artifacts.find_artifact(visible)


def _model_problem(text: str, context: GuardContext) -> str | None:
    if context.prompt_fingerprint.matches(text):
        return "it reveals the instructions"
    if context.dictated.is_repeated_in(text):
        return "it repeats a text that the contact dictated"
    if prompt_leaks.is_unreadable(text):
        return "it contains unreadable text"
    # A cheap check, so the long texts that a stuck model writes cost little.
    if repetition.is_loop(text):
        return "it repeats itself"
    names_of_things = mixed_language.names_of(context.source.company)
    if not language.is_in_scripts(
        text, context.scripts, names_of_things
    ) or mixed_language.is_another_latin_language(
        text, context.latest_text, context.own_texts, context.source.contact_texts
    ):
        return "it is not in the contact's language"
    return (
        template_artifacts.find_preface(text)
        or self_reference.find_problem(text)
        or decoration.find_problem(text)
        or _speaker_problem(text, context)
        or grounding.find_problem(text, context.source)
        or _wording_problem(text, context)
    )


def _speaker_problem(text: str, context: GuardContext) -> str | None:
    """Return why the text does not come from the company's assistant, or is not meant for this contact."""
    source = context.source
    return (
        self_presentation.find_problem(text, f"{source.company}\n{source.own_messages}")
        or names.find_problem(
            text,
            context.contact_name,
            f"{source.contact_texts}\n{source.own_messages}\n{source.company}",
        )
        or role_reversal.find_problem(text, source.company, context.request, source.contact_texts)
        or claimed_actions.find_problem(text, source.contact_texts, source.company)
    )


def _wording_problem(text: str, context: GuardContext) -> str | None:
    """Return why the words are not fit to be sent, whatever they say."""
    return mixed_language.find_problem(
        text, context.scripts, context.source.contact_texts, context.source.company
    ) or repetition.find_problem(text, context.own_texts, context.latest_text)
