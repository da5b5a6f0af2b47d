"""Detects words of another language inside a text, and texts in a language that the contact does not use."
" Pure."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from worker.assistant.guardrails.checks.language import guess_latin_language, is_english, script_of
from worker.assistant.guardrails.text_normalization import detect_script, strip_invisible

# Letters of neither alphabet: Chinese, Japanese, Arabic, Greek and so on.
_OTHER_LETTER = re.compile(r"[^\W\d_A-Za-zÀ-ɏЀ-ԯµªº]")
_CYRILLIC_RUN = re.compile(r"[Ѐ-ԯ][Ѐ-ԯ-]+")
_LATIN_RUN = re.compile(r"(?<![\w./@-])[A-Za-z][A-Za-z'’-]*(?:[^\S\n][A-Za-z][A-Za-z'’-]*){0,15}(?![\w@])")
_WORD = re.compile(r"[^\W\d_]+")
_MIN_FOREIGN_WORDS = 2
_LATIN_WORD = re.compile(r"[A-Za-z]+")
# Letters that Russian does not have; other languages that use Cyrillic have them in nearly every sentence.
_NOT_RUSSIAN = re.compile(r"[іїєґўәғқңөұүһјљњћђџ]|\bбудь ласка\b|\bчи\b", re.IGNORECASE)
# Words of other Cyrillic languages that are no Russian ones. Two of them make a text of that language.
_OTHER_CYRILLIC = frozenset(
    """
    чи зручно ласка дякую щоб як що це якщо можна добрий вітаю зараз дуже тільки або також поговорити
    вартість залежить зателефонувати звернення скільки замовлення розмову послуги зможемо добър
    съм сме ще че вие благодаря моля какво вашата вашето чуем нашата здравейте вітаем калі дзякуй
    гэта зручна како сте
    """.split()  # noqa: SIM905 - one word after the other is easier to read
)
# English words that make a sentence; a product name has none of them.
_SENTENCE_WORDS = frozenset(
    """
    the a an is are was were be been am you your yours we our us i me my he she it its they them
    this that these those and or but if then so because to of in on at for with from about by as
    what when where who why how which can could would will shall should may might must do does did
    have has had not no yes please thank thanks sorry hello hi hey sure great okay dear regards let
    lets need want like know call price good
    """.split()  # noqa: SIM905 - one word after the other is easier to read
)
# Lower-case words that stand in Russian texts as they are.
_LOAN_WORDS = frozenset(
    """
    e mail email gmail online offline web www api rest crm erp cms seo smm pr hr it ai ml mvp ux ui
    ios app backend frontend fullstack front back end push sms whatsapp telegram viber excel word
    landing e-commerce ecommerce b b2b b2c saas drag drop drag-and-drop git github docker kubernetes
    linux windows nginx python java javascript php go html css sql json xml js ts node react vue
    angular django laravel wordpress tilda bitrix amo px ok vs id url qr pos vpn vps cloud dashboard
    low code no-code low-code cookie cookies chat bot chatbot open source devops qa nda kpi roi lead
    leads pdf x m s
    """.split()  # noqa: SIM905 - one word after the other is easier to read
)
_MAX_LATIN_SHARE = 0.15
_MIN_ENGLISH_WORDS = 5


def find_problem(text: str, scripts: frozenset[str], contact_texts: str, company: str) -> str | None:
    """Return why the text is not in one language; None if it is.

    `scripts` are those in which the contact may be answered. Words that the contact wrote, and those of the
    description, may stand in any text.
    """
    visible = strip_invisible(text)
    if scripts and "other" not in scripts and _has_foreign_letters(visible, contact_texts + company):
        return "it has words of another language"
    match script_of(visible, names_of(company)):
        case "cyrillic":
            known = f"{contact_texts}\n{_cyrillic_lines(company)}"
            is_mixed = _has_foreign_latin(visible, known) or _is_not_russian(visible, known)
        case "latin":
            is_mixed = _has_foreign_cyrillic(visible, f"{contact_texts}\n{company}")
        case _:
            is_mixed = False
    return "it has words of another language" if is_mixed else None


def is_another_latin_language(text: str, latest: str, own_texts: Sequence[str], contact_texts: str) -> bool:
    """Return True for a text in Latin letters that is not English although the conversation is.

    The same for German, French and so on, if that language does not occur in the conversation.
    """
    language = guess_latin_language(text) if detect_script(text) == "latin" else None
    if language not in {None, "en", "ru"}:
        used = {guess_latin_language(one) for one in (latest, contact_texts, *own_texts)}
        if language not in used:
            return True
    words = _LATIN_WORD.findall(text)
    if (
        not expects_english(latest, own_texts)
        or detect_script(text) != "latin"
        or len(words) < _MIN_ENGLISH_WORDS
    ):
        return False
    return sum(word.lower() in _SENTENCE_WORDS for word in words) < len(words) * _MAX_LATIN_SHARE


def expects_english(latest: str, own_texts: Iterable[str]) -> bool:
    """Return True if the contact writes English, or says so little that our last message decides."""
    if detect_script(latest) == "latin" and len(latest.split()) > 2:
        return is_english(latest)
    return detect_script(latest) in {"latin", None} and is_english(next(iter(reversed(list(own_texts))), ""))


def _has_foreign_letters(text: str, known: str) -> bool:
    return any(letter not in known for letter in _OTHER_LETTER.findall(text))


def _has_foreign_latin(text: str, known: str) -> bool:
    lowered = known.lower()
    for run in _LATIN_RUN.findall(text):
        if run.lower() in lowered:
            continue
        words = _LATIN_WORD.findall(run)
        if any(word.lower() in _SENTENCE_WORDS and len(word) > 1 for word in words):
            return True
        # A name begins with a capital letter or has one: iOS, amoCRM, Google Sheets.
        if any(word.islower() and word not in _LOAN_WORDS and word not in lowered for word in words):
            return True
    return False


def _is_not_russian(text: str, known: str) -> bool:
    if _NOT_RUSSIAN.search(text) is not None and _NOT_RUSSIAN.search(known) is None:
        return True
    foreign = _OTHER_CYRILLIC & frozenset(_WORD.findall(text.lower()))
    return len(foreign) >= _MIN_FOREIGN_WORDS and foreign.isdisjoint(_WORD.findall(known.lower()))


def _has_foreign_cyrillic(text: str, known: str) -> bool:
    # A name may be written in its own letters: "Brusnika (Брусника)".
    return any(run[0].islower() or run not in known for run in _CYRILLIC_RUN.findall(text))


@lru_cache(maxsize=8)
def names_of(company: str) -> frozenset[str]:
    """Return the words in Latin letters that stand in the Russian lines of the description."""
    return frozenset(_LATIN_WORD.findall(_cyrillic_lines(company)))


def _cyrillic_lines(text: str) -> str:
    return "\n".join(line for line in text.splitlines() if detect_script(line) == "cyrillic")
