"""Detects an assistant that calls itself a human, an employee, or by a name of its own. Pure."""

import re

from worker.assistant.guardrails.text_normalization import search_form, strip_invisible

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
_STAFF = (
    r"(?:менеджер|сотрудни[кц]|специалист|консультант|оператор|разработчи[кц]|программист|дизайнер|инженер"
    r"|директор"
    r"|руководитель|основатель|владелец|продав(?:ец|щица)|администратор|мастер|аналитик|эксперт"
    r"|секретарь)\w{0,4}"
)
_ADJECTIVES = (
    r"(?:ваш|наш|личный|персональный|старший|главный|ведущий|просто|тоже|сам|обычный|местный|один из наших"
    r"|здешний"
    r"|штатный|новый|настоящий|ваша|наша|личная|персональная)"
)
_STAFF_EN = (
    r"(?:manager|employee|specialist|developer|consultant|designer|engineer|agent|founder|director|owner"
    r"|expert"
    r"|representative|operator|salesman|saleswoman|analyst)"
)
_CLAIMS_STAFF = re.compile(
    rf"\bя\s?[—–,-]?\s?(?:{_ADJECTIVES}\s){{0,2}}{_STAFF}\b"
    rf"|\bя\s?[—–,-]?\s?(?:из|работаю в|сотрудничаю с)\s\w+ (?:компани|отдел|команд)\w*"
    rf"|\bкак (?:ваш |наш )?(?:менеджер|сотрудник|специалист)\b[^.!?\n]{{0,30}}\bя\b"
    rf"|\b(?:i'?m|i am)\s(?:a|an|the|your|one of)\s(?:\w+ ){{0,2}}{_STAFF_EN}s?\b"
    rf"|\bas (?:a|an|the|your) (?:\w+ )?{_STAFF_EN}\b|\bi work (?:at|for|in)\b"
)
_NAMED_STAFF = re.compile(
    rf"\b(?:Я|Это|Меня зовут|С вами"
    rf"|На связи)[,—–-]?\s[А-ЯЁ][а-яё]+(?:\s[А-ЯЁ][а-яё]+)?\s?[,—–-]\s?(?:\w+ )?{_STAFF}"
)
_OWN_NAME = re.compile(
    r"\b(?i:меня зовут|мо[её] имя|my name is)\s(?:—\s)?(?P<a>\w+)|\b(?i:это) (?P<b>[A-ZА-ЯЁ]\w+) из\b"
    r"|(?:^|[.!?,\n]\s?)Я[,—–-]?\s(?:—\s)?(?P<c>[А-ЯЁ][а-яё]+)\b"
    r"|\bI(?:'m| am)\s(?P<d>[A-Z][a-z]+)(?=[,.!\s](?!\w*ing\b))|\b(?i:с вами|на связи)\s(?P<e>[А-ЯЁ][а-яё]+)",
    re.MULTILINE,
)


def find_problem(text: str, known: str) -> str | None:
    """Return what the assistant claims to be; None if it claims nothing.

    `known` holds the texts from which its name may come: the description, the persona, our messages.
    """
    visible = strip_invisible(text).replace("’", "'")
    normalized = search_form(visible)
    if _CLAIMS_HUMAN.search(normalized):
        return "it claims to be human"
    if _CLAIMS_STAFF.search(normalized) or _NAMED_STAFF.search(visible):
        return "it claims to be human"
    known = search_form(known)
    for found in _OWN_NAME.finditer(visible):
        name = next(group for group in found.groups() if group)
        if search_form(name) not in known:
            return "it gives itself a name"
    return None
