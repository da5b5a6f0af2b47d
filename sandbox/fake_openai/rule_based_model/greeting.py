"""The first message to a lead: name, request and the offer of a call."""

import re

from sandbox.fake_openai.rule_based_model.conversation import Lead
from sandbox.fake_openai.rule_based_model.words.language import LINK, Language, detect, without_links
from sandbox.fake_openai.rule_based_model.words.phrases import GREETINGS, HELLO, NO_COMPANY, pick

SNIPPET_LENGTH = 90
NAME_LENGTH = 30
# What the prompt, or a person, writes into the field instead of a name.
NOT_GIVEN = re.compile(
    r"(?:не|без)\s.*|нет|имя|аноним\w*|инкогнито|клиент|гость|тест"
    r"|not\s+(?:given|specified)|no\s+name|none|null|n/?a|name|anonymous|guest|client|test",
    re.IGNORECASE,
)
# The first word of a company's name is not a first name.
COMPANY_FORMS = re.compile(
    r"ООО|ОАО|ЗАО|ПАО|НАО|АО|ИП|АНО|НКО|ГК|УП|ЧП|ТОО|ФГУП|ГБУ|LLC|Ltd|Inc|GmbH|Corp|PLC"
    r"|компания|фирма|студия|агентство|магазин|салон|клиника|завод|company|studio|agency|shop",
    re.IGNORECASE,
)
NAME = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
COMPANY = re.compile(r"(?:компани[ия]|company|компании-?разработчика)\s*[:—-]?\s*[«\"“]?([A-ZА-ЯЁ][\w.&-]+)")


def language_of(lead: Lead) -> Language:
    """Return English for an English request, else Russian."""
    return "en" if detect(lead.request) == "en" else "ru"


def first_name(name: str) -> str:
    """Return the lead's first name, or an empty text if the field contains no name."""
    bare = re.sub(r"[(\[{].*", "", name)
    words = bare.split()
    word = next(iter(words), "").strip(",.!:;\"'«»“”")
    if (
        NOT_GIVEN.fullmatch(bare.strip(" .,!-—"))
        or any(COMPANY_FORMS.fullmatch(part.strip(",.\"'«»“”")) for part in words)
        or LINK.search(name)
        or len(word) > NAME_LENGTH
        or not NAME.fullmatch(word)
    ):
        return ""
    return word if any(char.isupper() for char in word) else word.capitalize()


def snippet(request: str) -> str:
    """Return the beginning of a request on one line, without links, cut at a word."""
    text = re.sub(r"\s+", " ", without_links(request)).strip(' .,!;:-–—«»"')
    if len(text) <= SNIPPET_LENGTH:
        return text
    return text[:SNIPPET_LENGTH].rsplit(" ", 1)[0].rstrip(" .,!;:-–—") + "…"


def company_of(lead: Lead, instructions: str, language: Language) -> str:
    """Return the company's name from the lead's card or from the instructions."""
    if lead.company:
        return without_links(lead.company) or NO_COMPANY[language]
    found = COMPANY.search(instructions)
    return found[1] if found else NO_COMPANY[language]


def greet(lead: Lead, instructions: str) -> str:
    """Return a greeting in the lead's language; only the name selects the wording."""
    language = language_of(lead)
    name = first_name(lead.name)
    quoted = [said for request in (lead.request, *lead.further) if (said := snippet(request))]
    hello = f"{HELLO[language]}, {name}" if name else HELLO[language]
    marks = "«{}»" if language == "ru" else "“{}”"
    both = " и " if language == "ru" else " and "
    topic = f": {both.join(map(marks.format, quoted))}" if quoted else ""
    wording = pick(GREETINGS[language], lead.name)
    return wording.format(hello=hello, company=company_of(lead, instructions, language), topic=topic)
