"""Checks that terms of business, and outcomes that are called certain, stand in the description. Pure."""

import re
from collections.abc import Iterable
from functools import lru_cache

from worker.assistant.guardrails import sentences

# Each term in Russian and English. A text may state it only if a line of the description does.
_TERMS = tuple(
    re.compile(pattern)
    for pattern in (
        r"\bскидк|\bскидок|\bполцены|\bhalf[ -](?:the )?price"
        r"|\bдешевле|\bуступ(?:им|лю|ить)|\bdiscount|\bcheaper|\d\s?% off|\bprice cut",
        r"\bрассроч|\binstal?lment|\bpayment plan|\bpay monthly|\bmonthly payment",
        r"\bкредит|\bloan|\bfinancing",
        r"\bподар|\bбонус|\bgift|\bbonus|\bon the house|\bthrow in\b",
        r"\bакци[яийюе]\b|\bспецпредлож|\bспециальн\w+ (?:цен|предлож|услови)|\bраспродаж"
        r"|\bspecial (?:offer|price)|\bpromotion|\b(?:match|beat) (?:\w+ ){0,3}(?:price|offer|quote)"
        r"|\bцен\w{1,2} (?:ниже|лучше|как у)|\b(?:ниже|лучш\w+) цен",
        r"\bгаранти[яийюе]|\bwarrant|\bguarantees?\b",
        r"\bвозврат|\bверн(?:ем|ут) (?:\w+ ){0,2}(?:деньги|оплат|предоплат|средства)|\brefund|\bmoney back",
        r"\bстрахов|\bдмс\b|\binsur",
        r"\bлицензи|\bсертифи|\bcertif|\blicen[cs]|\baccredit",
        r"\bпробн|\bтестов\w+ (?:период|доступ|верси)|\btrial\b",
        r"\bнаград|\bлидер\w* (?:рынк|отрасл)|\bлучш\w+ в (?!руки)|\baward|\bnumber one\b|\bbest in\b"
        r"|\bmarket leader",
        r"\bкруглосуточ|\bбез выходных|\bround the clock|\b(?:open|available) every day\b|\bежедневно",
        r"\bбез предоплат|\bпостоплат|\bоплата после|\bno deposit|\bno prepayment|\bpay (?:later"
        r"|afterwards)",
        r"\bтолько (?:сегодня|до конца|на этой неделе)|\bосталось (?:\w+ ){0,2}(?:мест|окн|дн)"
        r"|\bпоследн\w+ мест"
        r"|\bonly today\b|\blast (?:place|slot)|\bthis week only|\bif you (?:book|order|pay|sign)"
        r"|\b(?:закажите|оформите|успейте|забронируйте|запишитесь|book|order|sign up"
        r"|buy) (?:\w+ ){0,2}(?:до|сейчас|сегодня|now|today|before|by)\b",
    )
)
_CLAUSE_END = re.compile(r",\s|;\s|:\s|\s[—–-]\s|\s(?:но|а|если|but)\s|\s(?=if\s)")
# The clause says that there is something, that it is given or that it may be had.
_ASSERTS = re.compile(
    r"\b(?:есть|име(?:ем|ется|ются)|дад|да[ею]м|дела|сдела|предостав|предлага|предложим|действу|буд[еу]"
    r"|можно|можем|доступн|возможн|получ|оформ|вход[ия]т|полож|работа|провод|верн|гаранти|обеща|выд|принима"
    r"|идет|отда|договор|добь|выбь|устро|попрош|организу|только|остал|готов|закажите|успейте|book|order|buy|sign|we|i|there|available|can|get"
    r"|give|provide|include|is|are|will|comes?|offer"
    r"|only|goes|gets|pays?|costs?|yes|да)\w*"
)
_ABOUT = re.compile(r"^(?:и |а )?(?:о|об|про|насчет|по поводу|about|regarding|as for)\b|\bли\b|\bwhether\b")
# A pledge, unless it is declined or of so many years; it may stand where the description makes one.
_PLEDGE = re.compile(
    r"(?<!не )(?<!не могу )(?<!не можем )\b(?:гарантиру(?:ю|ем)\b(?! (?:\w+ ){0,3}\d)|обеща(?:ю|ем)\b)"
    r"|\b(?:i|we)(?:'ll| will| can)? (?:guarantee|promise)\b|\bguaranteed\b|\bпод гарантию\b"
    r"|\bне сомневайтесь\b|\b(?:даю|даем) слово\b|\bклян(?:усь|емся)\b|\b(?:have|got|give you) my word\b"
    r"|\bno doubt about (?:it|that)\b|\bникаких сомнений\b"
)
# Certain, by its own words; what else may be promised is to write, to answer and to discuss.
_CERTAIN = re.compile(
    r"\b(?:точно|обязательно|непременно|наверняка|гарантированно|стопроцентно|однозначно|никогда"
    r"|навсегда|вечно|всю жизнь|на века"
    r"|будьте уверены|definitely|certainly|surely|for sure|absolutely|never|forever|for life|lifetime"
    r"|rest assured)\b"
)
_OUTCOME = re.compile(
    r"\b(?:[а-я]{3,15}(?:ем|им)(?:ся)?|буд[еу]\w{1,2}|[а-я]{4,15}(?:ет|ит|ут|ют|ят|ат)(?:ся)?|will|won't"
    r"|(?:i|we|you|it|they)'ll|going to)\b"
)
# The contact's own success, unless it is a condition; an order may have the same ending.
_YOUR_SUCCESS = re.compile(
    r"\b(?:точно|наверняка|гарантированно|стопроцентно|однозначно) (?:\w+ ){0,2}[а-я]{3,15}[еи]те(?:сь)?\b"
)
_IF = re.compile(r"\b(?:если|когда|как только|чтобы|хотите|можете)\b")
_FREE = re.compile(
    r"\bбесплатн\w+|\bдаром\b|\bза (?:наш|свой) счет\b|\bв подарок\b|\bfree of charge\b|\bfor free\b"
    r"|\bat (?:no (?:extra )?|our (?:own )?)(?:cost|charge|expense)|\bcomplimentary\b"
    r"|\b(?:is|are|comes|be|completely|absolutely) free\b(?! (?:to|on|at|in|from|for (?:a|the)|tomorrow"
    r"|this"
    r"|next|until|after))"
    r"|(?<!feel )(?<!are you )(?<!-)\bfree (?!to|time|slot|moment|evening|morning|minute|hour|day|on|at"
    r"|in|if"
    r"|tomorrow|this|next|from|after|for\b)\w+"
)
# On which condition something is free does not say what is.
_CONDITION = re.compile(r"\bпри \w+|\bв пределах \w+|\bесли [^,;]{0,60}|\b(?:if|when|with) \w+ \w+")
_NOUN = re.compile(r"[^\W\d_]{4,}")
_NOUN_STEM = 4
_DIGIT = re.compile(r"\d")
_NOT_NOUNS = frozenset(
    {"бесп", "сдел", "буде", "пода", "free", "will", "перв", "даро", "char", "your", "with"}
)
# Where something is free, the talk in the messenger is, too.
_TALK = frozenset({"звон", "созв", "call"})


def find_problem(text: str, company: str) -> str | None:
    """Return why the text states what the description does not; None if all its terms stand there."""
    for sentence in sentences.split(text):
        if sentence.endswith("?"):
            continue
        if _is_pledge(sentence, company) or _is_unsupported_gift(sentence, company):
            return "it makes a promise that is not in the description"
        for clause in _stated_clauses(sentence):
            if _calls_certain(clause):
                return "it calls an outcome certain"
            if _is_unsupported(clause, company):
                return "it makes a promise that is not in the description"
    return None


def _calls_certain(clause: str) -> bool:
    if _CERTAIN.search(clause) and _OUTCOME.search(clause):
        return True
    return _YOUR_SUCCESS.search(clause) is not None and _IF.search(clause) is None


def _stated_clauses(sentence: str) -> Iterable[str]:
    """Yield the clauses that state something; a clause may leave to a talk what its neighbour claims."""
    for clause in _CLAUSE_END.split(sentence):
        if not (sentences.is_left_open(clause) or _ABOUT.search(clause)):
            yield clause


def _is_pledge(sentence: str, company: str) -> bool:
    return _PLEDGE.search(sentence) is not None and not _has_pledge(company)


def _is_unsupported_gift(sentence: str, company: str) -> bool:
    if _FREE.search(sentence) is None or sentences.is_negated(_FREE.sub(" ", _CONDITION.sub(" ", sentence))):
        return False
    free = _free_stems(company)
    return not free or _stems(sentence).isdisjoint(free | _TALK)


def _is_unsupported(clause: str, company: str) -> bool:
    if _ASSERTS.search(clause) is None or sentences.is_negated(clause):
        return False
    return not _terms_of(clause) <= _stated_terms(company)


def _terms_of(clause: str) -> frozenset[int]:
    return frozenset(number for number, term in enumerate(_TERMS) if term.search(clause))


@lru_cache(maxsize=8)
def _stated_terms(company: str) -> frozenset[int]:
    stated = (part for sentence in sentences.split(company) for part in _affirmed_parts(sentence))
    return frozenset(number for part in stated for number in _terms_of(part))


def _affirmed_parts(sentence: str) -> Iterable[str]:
    """Yield the parts between commas that are not denied. In "no discounts, loans" the denial goes on."""
    is_denied = False
    for part in sentence.split(", "):
        goes_on = is_denied and not (_ASSERTS.search(part) or _DIGIT.search(part))
        is_denied = goes_on or sentences.is_negated(part)
        if not is_denied:
            yield part


@lru_cache(maxsize=8)
def _has_pledge(company: str) -> bool:
    return any(_PLEDGE.search(sentence) for sentence in sentences.split(company))


@lru_cache(maxsize=8)
def _free_stems(company: str) -> frozenset[str]:
    """Return the words of the description's sentences that call something free."""
    return frozenset(stem for part in sentences.split(company) if _FREE.search(part) for stem in _stems(part))


def _stems(text: str) -> frozenset[str]:
    nouns = _NOUN.findall(_CONDITION.sub(" ", text))
    return frozenset(word[:_NOUN_STEM] for word in nouns) - _NOT_NOUNS
