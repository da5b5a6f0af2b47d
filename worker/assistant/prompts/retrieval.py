"""Retrieval over the company profile: finds the sections that are relevant to a question. Pure."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

import snowballstemmer

from worker.assistant.guardrails.text_normalization import letters_only, search_form

# In characters. A profile up to this size is sent in full; of a larger one, the outline and an excerpt.
MAX_FULL_LENGTH = 8_000
MAX_EXCERPT_LENGTH = 4_000
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_WORD = re.compile(r"[a-zа-я0-9+#]{2,}")
_RUSSIAN, _ENGLISH = snowballstemmer.stemmer("russian"), snowballstemmer.stemmer("english")
_STOP_WORD_LIST = """
и в во на но не да нет ли же бы что это эта этот как так то все вы мы он она они вас нас вам нам мне ваш ваша
ваши наш наша у к с со о об от до по за из для при или если уже тоже есть можно хочу нужно
the an is are do does did you your we our it this that of to in on at for with and or can could would will
what who how when where why have has please there be
"""
_STOP_WORDS = frozenset(_STOP_WORD_LIST.split())
# Synonyms by their common beginnings: a question may use another word than the profile.
_SYNONYMS = {
    "price": r"цен|стоимост|сто[ия]т|прайс|тариф|расцен|почем|бюджет|дорог|недорог|pric|cost|rate|budget",
    "term": r"срок|долго|быстр|недел|месяц|скоро|deadline|timeline|long|fast|week|month",
    "pay": r"оплат|плат[еия]|рассрочк|аванс|предоплат|pay|instal|invoice",
    "warranty": r"гарант|warrant|guarant",
    "support": r"поддержк|сопровожд|support|mainten",
    "place": r"офис|адрес|город|находит|office|locat|based|address",
    "team": r"команд|сотрудник|разработчик|штат|team|developers|staff",
    "site": r"сайт|лендинг|site|websit|landing",
    "shop": r"магазин|shop|store|ecommerc",
    "bot": r"бот\b|бот[аыоу]|чатбот|bot",
    "contract": r"договор|contract|agreement|nda",
    "portfolio": r"портфоли|пример|кейс|работ[ыа]\b|portfolio|case|example",
    "mobile": r"мобильн|ios|android|андроид|приложени|mobile|app",
}
_SYNONYM_PATTERNS = [(name, re.compile(rf"(?:{pattern})")) for name, pattern in _SYNONYMS.items()]


@dataclass(frozen=True)
class Section:
    """A section of the profile; `path` is its heading after all headings above it, `words` its stems."""

    path: str
    text: str
    words: Counter[str]


class CompanyProfile:
    """The company profile (COMPANY_PROFILE), split at its Markdown headings."""

    def __init__(self, profile: str) -> None:
        self.text = profile.strip()
        self.sections = split_sections(self.text)
        self._letters = letters_only(self.text)
        self._document_frequency = Counter(word for section in self.sections for word in section.words)

    @property
    def is_small(self) -> bool:
        """True if the model gets the whole profile."""
        return len(self.text) <= MAX_FULL_LENGTH

    def contains_quote(self, quote: str) -> bool:
        """Return True if the profile contains the quote or heading; only the letters are compared."""
        letters = letters_only(quote)
        return bool(letters) and letters in self._letters

    def outline(self) -> str:
        """Return the beginning of the profile and the paths of its sections."""
        opening = _HEADING.split(self.text, maxsplit=2)
        head = self.text if len(opening) < 3 else f"# {opening[1]}\n{opening[2].split('#')[0].rstrip()}"
        return f"{head[:1_500]}\n\nРазделы: {'; '.join(section.path for section in self.sections)}"

    def find_relevant_sections(self, question: str) -> Sequence[Section]:
        """Return the sections that match the question best, in the order of the profile.

        Together they have at most 4,000 characters, unless a single section is longer.
        """
        query = extract_stems(question)
        scored = sorted(self.sections, key=lambda section: self._score(section, query), reverse=True)
        picked: list[Section] = []
        for section in scored:
            if not self._score(section, query):
                break
            if (
                not picked
                or sum(len(chosen.text) for chosen in picked) + len(section.text) <= MAX_EXCERPT_LENGTH
            ):
                picked.append(section)
        return [section for section in self.sections if section in picked]

    def excerpt_for(self, question: str) -> str:
        """Return the profile if it is small, else its outline and the sections relevant to the question."""
        if self.is_small:
            return self.text
        relevant = "\n\n".join(
            f"## {section.path}\n{section.text[:MAX_EXCERPT_LENGTH]}"
            for section in self.find_relevant_sections(question)
        )
        return f"{self.outline()}\n\n{relevant or 'О вопросе в описании ничего не нашлось.'}"

    def _score(self, section: Section, query: frozenset[str]) -> float:
        # TF-IDF: rare words weigh more, and repetitions count by their logarithm.
        weights = {
            word: log(1 + len(self.sections) / self._document_frequency[word])
            for word in query & section.words.keys()
        }
        body_score = sum(weight * (1 + log(section.words[word])) for word, weight in weights.items())
        return body_score + sum(weights[word] for word in extract_stems(section.path) & weights.keys())


def split_sections(profile: str) -> Sequence[Section]:
    """Return the sections of a Markdown text, without empty ones."""
    found: list[Section] = []
    path: dict[int, str] = {}
    ends = [*(match.start() for match in _HEADING.finditer(profile)), len(profile)]
    if profile[: ends[0]].strip():
        found.append(_build_section("", profile[: ends[0]]))
    for heading, end in zip(_HEADING.finditer(profile), ends[1:], strict=True):
        level = len(heading[0]) - len(heading[0].lstrip("#"))
        path = {depth: name for depth, name in path.items() if depth < level} | {level: heading[1]}
        body = profile[heading.end() : end]
        if body.strip():
            found.append(_build_section(" / ".join(path.values()), body))
    return found


def extract_stems(text: str) -> frozenset[str]:
    """Return the stems of the words, without stop words; synonyms have one common stem."""
    return frozenset(_stem(word) for word in _WORD.findall(search_form(text)) if word not in _STOP_WORDS)


def _build_section(path: str, body: str) -> Section:
    text = f"{path}\n{body}"
    words = Counter(_stem(word) for word in _WORD.findall(search_form(text)) if word not in _STOP_WORDS)
    return Section(path, body.strip(), words)


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    for name, pattern in _SYNONYM_PATTERNS:
        if pattern.match(word):
            return f"<{name}>"
    stemmed: str = (_ENGLISH if word.isascii() else _RUSSIAN).stemWord(word)
    return stemmed
