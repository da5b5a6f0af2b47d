"""Detects an assistant that calls itself a human, an employee, or by a name of its own. Pure."""

import re
from collections.abc import Iterable

from worker.assistant.guardrails.checks.first_names import FIRST_NAMES
from worker.assistant.guardrails.text_normalization import search_form, strip_invisible, transliterate
from worker.domain.wording.job_titles import STAFF, STAFF_EN

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
_STAFF = rf"(?:{STAFF})\w{{0,4}}"
_ADJECTIVES = (
    r"(?:ваш|наш|личный|персональный|старший|главный|ведущий|просто|тоже|сам|обычный|местный|один из наших"
    r"|здешний"
    r"|штатный|новый|настоящий|ваша|наша|личная|персональная)"
)
_CLAIMS_STAFF = re.compile(
    rf"\bя\s?[—–,-]?\s?(?:{_ADJECTIVES}\s){{0,2}}{_STAFF}\b"
    rf"|\bя\s?[—–,-]?\s?(?:из|работаю в|сотрудничаю с)\s\w+ (?:компани|отдел|команд)\w*"
    rf"|\bкак (?:ваш |наш )?(?:менеджер|сотрудник|специалист)\b[^.!?\n]{{0,30}}\bя\b"
    rf"|\b(?:i'?m|i am)\s(?:a|an|the|your|one of)\s(?:\w+ ){{0,2}}(?:{STAFF_EN})s?\b"
    rf"|\bas (?:a|an|the|your) (?:\w+ )?(?:{STAFF_EN})\b|\bi work (?:at|for|in)\b"
)
# A life of its own: a family, things, work with the hands.
_CLAIMS_LIFE = re.compile(
    r"\A\W{0,3}(?:да|конечно|разумеется|ага|вполне|естественно|yes|sure|of course"
    r"|absolutely)\b(?:[^.!?\n](?!звон|специалист"
    r"|будет|call|will)){0,30}\b(?:живо[йе]|живая|человек|реальн\w+|настоящ\w+|human|real|alive|person)\b"
    r"|\bу меня (?:дома|на даче|в квартире|самой|самого)\b|"
    r"\b(?:никак\w+|какой (?:\w+ )?|ни) ?(?:бот|робот|нейросет)\w*"
    r"|\b(?:с вами|здесь|тут|это) (?:\w+ )?(?:живо[ей]|настоящ\w+) (?:общени|чат|человек|собеседни|сотрудни"
    r"|менеджер)\w*"
    r"|\bя (?:тоже |сам[а]? |и сам[а]? |сейчас )?(?:мама|папа|отец|мать|муж|жена|бабушка|дедушка|родитель"
    r"|женат|замужем)\b"
    r"|\bу меня (?:тоже |самого |самой |дома |есть |сам\w+ |уже ){0,3}(?:дет[иейя]\w*|реб[её]н\w+|двое|трое"
    r"|сын\w*|доч\w+"
    r"|муж\w*|жен[аы]|собак\w*|ко[тш]\w*|машин\w*|дач\w*|квартир\w*)\b"
    # Whatever it does itself, and how long it has done so; it may still ask, answer and pass on.
    r"|\bя (?:и |тоже |лично )?сам[а]?\b(?! (?:не |уточн|узна|спрош|переда|отвеч|напиш|предлож))"
    r"|\bя лично\b"
    r"|(?:^|[.!?,—–]\s?)(?:я )?сам[а]? (?:\w+ ){0,2}[а-я]{3,12}(?:ю|юсь|ал|ил|ел|был|жил)а?\b"
    r"|\b(?:я )?(?:работаю|тружусь) (?:здесь|тут|у нас|администратор|менеджер|в (?:цех|салон|офис|клиник"
    r"|компани|отдел"
    r"|команд|поддержк)|на (?:производств|ресепшен|складе))\w*"
    r"|\b(?:i have|i've got) (?:a |an |two |three |my own |own )(?:\w+ )?(?:kid|child|daughter|son|dog|cat"
    r"|wife|husband)\w*"
    r"|\bi(?:'m| am) (?:also |too )?(?:a )?(?:mother|father|mom|mum|dad|parent|married)\b"
    r"|\bas a (?:mother|father|mom|mum|dad|parent)\b|\bmy (?:own )?(?:kids?|wife|husband|daughter|son"
    r"|children)\b"
    r"|\bi(?:'ve| have)? (?:personally|myself) \w+|\bi (?:use|used|tried|live|drive|built"
    r"|saw) (?:\w+ ){0,2}myself\b"
    r"|\b(?:no|not any) (?:bots?|robots?) (?:here|at all)\b|\bflesh and blood\b|\breal (?:live )?(?:person"
    r"|human) here\b"
    r"|\byou(?:'re| are) (?:talking|chatting|speaking|writing) (?:to|with) a (?:real|live|human)\b"
)
# A life's work: "я ... уже много лет", "I have ... for years". The years are looked for first: they are rare.
_YEARS = re.compile(
    r"\b(?:лет|годами|много раз|каждый день|years|decades|my (?:whole )?life|every day|many times)\b"
)
_I_DID = re.compile(
    r"\bя\b[^.!?,\n]*\Z|\bi(?:'ve| have)\b[^.!?,\n]*\Z|\bi \w+(?: \w+){0,4} for (?:\w+ ){0,2}\Z"
)
_NAMED_STAFF = re.compile(
    rf"\b(?:[Яя]|Это|Меня зовут|С вами"
    rf"|На связи)[,—–-]?\s[А-ЯЁ][а-яё]+(?:\s[А-ЯЁ][а-яё]+)?\s?[,—–-]\s?(?:\w+ )?{_STAFF}"
)
_OWN_NAME = re.compile(
    r"\b(?i:меня зовут|мо[её] имя|my name is)\s(?:—\s)?(?P<a>\w+)|\b(?i:это) (?P<b>[A-ZА-ЯЁ]\w+) из\b"
    r"|(?:^|[.!?,\n]\s?)Я[,—–-]?\s(?:—\s)?(?P<c>[А-ЯЁ][а-яё]+)\b"
    r"|\bI(?:'m| am)\s(?P<d>[A-Z][a-z]+)(?=[,.!\s](?!\w*ing\b))|\b(?i:с вами|на связи)\s(?P<e>[А-ЯЁ][а-яё]+)"
    r"|\b(?i:this is|it's|here is)\s(?:(?:Dr|Mr|Mrs|Ms|Doctor)\.?\s)?(?P<f>[A-Z][a-z]+)(?:\s[A-Z][a-z]+)?"
    r"(?=\s(?:from|at|of|here|speaking)\b)"
    r"|\b(?i:это|я|вас беспокоит|вам пишет|пишет вам)\s(?:доктор|врач)\s(?P<g>[А-ЯЁ][а-яё]+)"
    r"|\b(?i:вас беспокоит|вам пишет|пишет вам|с вами связывается|к вам обращается)\s(?P<h>[А-ЯЁ][а-яё]+)"
    r"|\b(?i:call me|you may call me|зовите меня|называйте меня|можно просто)\s(?P<i>[A-ZА-ЯЁ][a-zа-яё]+)",
    re.MULTILINE,
)

_WORD = re.compile(r"\w+")
_INTRODUCED = re.compile(r"\b(?:[Яя],?|I'm|I am)\s(?P<name>[А-ЯЁA-Z][а-яёa-z]+)\b")


def find_problem(text: str, known: str) -> str | None:
    """Return what the assistant claims to be; None if it claims nothing.

    `known` holds the texts from which its name may come: the description, the persona, our messages.
    """
    visible = strip_invisible(text).replace("’", "'")
    normalized = search_form(visible)
    if _CLAIMS_HUMAN.search(normalized) or _CLAIMS_LIFE.search(normalized) or _claims_years(normalized):
        return "it claims to be human"
    if _CLAIMS_STAFF.search(normalized) or _NAMED_STAFF.search(visible):
        return "it claims to be human"
    known_words = frozenset(_WORD.findall(search_form(known)))
    if any(search_form(name) not in known_words for name in _own_names(visible)):
        return "it gives itself a name"
    return None


def _claims_years(normalized: str) -> bool:
    before = (normalized[max(0, found.start() - 60) : found.start()] for found in _YEARS.finditer(normalized))
    return any(_I_DID.search(words) for words in before)


def _own_names(visible: str) -> Iterable[str]:
    """Yield the names that the text gives to its writer."""
    for found in _OWN_NAME.finditer(visible):
        yield next(group for group in found.groups() if group)
    # "я Катя из отдела продаж"
    for found in _INTRODUCED.finditer(visible):
        if transliterate(found["name"]) in FIRST_NAMES:
            yield found["name"]
