"""Pure: the company's description in sections, and those of them that bear on a question."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log

import snowballstemmer

from worker.assistant.guardrails.text_normalization import letters_only, search_form

# A description of this size goes whole; of a larger one, the outline and what bears on the question.
WHOLE = 8_000
MOST_PICKED = 4_000
_HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
_WORD = re.compile(r"[a-zа-я0-9+#]{2,}")
_RUSSIAN, _ENGLISH = snowballstemmer.stemmer("russian"), snowballstemmer.stemmer("english")
_IDLE_WORDS = """
и в во на но не да нет ли же бы что это эта этот как так то все вы мы он она они вас нас вам нам мне ваш ваша
ваши наш наша у к с со о об от до по за из для при или если уже тоже есть можно хочу нужно
the an is are do does did you your we our it this that of to in on at for with and or can could would will
what who how when where why have has please there be
"""
_IDLE = frozenset(_IDLE_WORDS.split())
# Words of one meaning by the beginnings that they share: what people ask by one is written by another.
_MEANINGS = {
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
_BY_MEANING = [(name, re.compile(rf"(?:{pattern})")) for name, pattern in _MEANINGS.items()]


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it; `path` holds the headings above it too."""

    path: str
    text: str
    words: Counter[str]


class Knowledge:
    """A company's description."""

    def __init__(self, profile: str) -> None:
        self.text = profile.strip()
        self.sections = sections(self.text)
        self._letters = letters_only(self.text)
        self._spread = Counter(word for section in self.sections for word in section.words)

    @property
    def is_small(self) -> bool:
        """Whether it goes to the model whole."""
        return len(self.text) <= WHOLE

    def has(self, quote: str) -> bool:
        """Whether a quote, or a section's name, really stands in it; but for marks and case."""
        letters = letters_only(quote)
        return bool(letters) and letters in self._letters

    def outline(self) -> str:
        """What the description begins with, and the names of its sections."""
        opening = _HEADING.split(self.text, maxsplit=2)
        head = self.text if len(opening) < 3 else f"# {opening[1]}\n{opening[2].split('#')[0].rstrip()}"
        return f"{head[:1_500]}\n\nРазделы: {'; '.join(section.path for section in self.sections)}"

    def bearing_on(self, question: str) -> Sequence[Section]:
        """The sections that say most about a question, in the description's own order, within the size."""
        asked = stems(question)
        scored = sorted(self.sections, key=lambda section: self._score(section, asked), reverse=True)
        picked: list[Section] = []
        for section in scored:
            if not self._score(section, asked):
                break
            if not picked or sum(len(one.text) for one in picked) + len(section.text) <= MOST_PICKED:
                picked.append(section)
        return [section for section in self.sections if section in picked]

    def excerpt(self, question: str) -> str:
        """What the model is told of the company: all of it, if it is small, or what bears on the question."""
        if self.is_small:
            return self.text
        said = "\n\n".join(f"## {one.path}\n{one.text[:MOST_PICKED]}" for one in self.bearing_on(question))
        return f"{self.outline()}\n\n{said or 'О вопросе в описании ничего не нашлось.'}"

    def _score(self, section: Section, asked: frozenset[str]) -> float:
        # Each word by how few sections have it; the tenth mention says little more than the second.
        rare = {
            word: log(1 + len(self.sections) / self._spread[word]) for word in asked & section.words.keys()
        }
        own = sum(weight * (1 + log(section.words[word])) for word, weight in rare.items())
        return own + sum(rare[word] for word in stems(section.path) & rare.keys())


def sections(profile: str) -> Sequence[Section]:
    """The description cut at its headings."""
    found: list[Section] = []
    path: dict[int, str] = {}
    ends = [*(match.start() for match in _HEADING.finditer(profile)), len(profile)]
    if profile[: ends[0]].strip():
        found.append(_section("", profile[: ends[0]]))
    for heading, end in zip(_HEADING.finditer(profile), ends[1:], strict=True):
        level = len(heading[0]) - len(heading[0].lstrip("#"))
        path = {depth: name for depth, name in path.items() if depth < level} | {level: heading[1]}
        body = profile[heading.end() : end]
        if body.strip():
            found.append(_section(" / ".join(path.values()), body))
    return found


def stems(text: str) -> frozenset[str]:
    """The stems of the words that carry meaning; words of one meaning count as one."""
    return frozenset(_stem(word) for word in _WORD.findall(search_form(text)) if word not in _IDLE)


def _section(path: str, body: str) -> Section:
    text = f"{path}\n{body}"
    words = Counter(_stem(word) for word in _WORD.findall(search_form(text)) if word not in _IDLE)
    return Section(path, body.strip(), words)


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    for name, pattern in _BY_MEANING:
        if pattern.match(word):
            return f"<{name}>"
    stemmed: str = (_ENGLISH if word.isascii() else _RUSSIAN).stemWord(word)
    return stemmed
