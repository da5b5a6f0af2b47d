"""Finds the sentence that answers a question in the Markdown description of a company."""

import re
from collections import Counter
from dataclasses import dataclass

from sandbox.fake_openai.rule_based_model.words.language import Language, detect
from sandbox.fake_openai.rule_based_model.words.stemming import normal, stem, stems

TAGGED = re.compile(
    r"<(?P<tag>[\w-]*(?:company|profile|about|knowledge|компан|описан|профил)[\w-]*)[^>]*>(?P<body>.*?)</(?P=tag)>",
    re.IGNORECASE | re.DOTALL,
)
START = re.compile(
    r"^(?:#+ *|\**)?[^\n.!?]{0,60}(?:описание|профиль|о) (?:нашей )?компани\w*[^\n.!?]{0,40}$|"
    r"^(?:#+ *|\**)?(?:about|company)\b[^\n.!?]{0,40}$",
    re.IGNORECASE | re.MULTILINE,
)
# A sentence that addresses the model is an instruction, not a fact for a lead.
INSTRUCTION = re.compile(
    r"\b(?:отвеча|не придумыв|не выдумыв|верни|собеседник|если человек|если он|ты —|ты -|ты помощник|"
    r"не обеща|напиши|пиши|используй|поле\b|json|intent|accept|reject|ambiguous|never|do not|don't|"
    r"you are|must|reply with|answer in)",
    re.IGNORECASE,
)
ABOUT = re.compile(
    r"\b(?:кто вы|вы кто|что (?:вы|ваша|за компания|это за)|чем (?:вы )?занима|что делаете|"
    r"чем (?:вы )?можете помочь|расскажите о (?:себе|вас|компании)|what (?:do|does) (?:you|your)|"
    r"who are you|about (?:you|your company)|what is this)",
)
PRICE = stem("цена")
HEADING_WEIGHT = 0.5


@dataclass(frozen=True)
class Fact:
    """One sentence or bullet of the description, with the words of its heading."""

    text: str
    stems: frozenset[str]
    heading: frozenset[str]


def description(instructions: str) -> str:
    """Return the company description in the instructions: inside a tag, after a heading, or all."""
    if tagged := TAGGED.search(instructions):
        return tagged["body"]
    if start := START.search(instructions):
        return instructions[start.end() :]
    return instructions


def facts(instructions: str) -> list[Fact]:
    """Return the description's sentences and bullets in order, without Markdown and instructions."""
    found: list[Fact] = []
    heading: frozenset[str] = frozenset()
    for line in description(instructions).splitlines():
        bare = plain(line)
        if line.lstrip().startswith("#"):
            heading = frozenset(stems(bare))
            continue
        for sentence in re.split(r"(?<=[.!?…])\s+(?=[A-ZА-ЯЁ«\"])", bare):
            if len(sentence) > 2 and not INSTRUCTION.search(sentence):
                found.append(Fact(sentence, frozenset(stems(sentence)), heading))
    return found


def plain(line: str) -> str:
    """Return a Markdown line as plain text: no markup, no links, table cells joined by dashes."""
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", line.strip())
    text = re.sub(r"<[^>]+>|https?://\S+|www\.\S+", "", text)
    if text.startswith("|"):
        cells = [cell.strip() for cell in text.strip("|").split("|")]
        text = "" if set("".join(cells)) <= set("-: ") else " — ".join(cell for cell in cells if cell)
    text = re.sub(r"^(?:#+|[-*+•]|\d+[.)]|>)\s+", "", text)
    return re.sub(r"[*_`~]{1,3}", "", text).strip()


def find_answer(question: str, instructions: str, language: Language) -> str | None:
    """Return the best matching fact in the lead's language, or None."""
    known = [fact for fact in facts(instructions) if detect(fact.text) == language]
    if ABOUT.search(normal(question)):
        asked = stems(question) - {stem("company"), stem("компания")}
        if not any(asked & fact.stems for fact in known):
            return _summary(known)
    return _best(stems(question), known) or (_summary(known) if ABOUT.search(normal(question)) else None)


def _summary(known: list[Fact]) -> str | None:
    return next((fact.text for fact in known if len(fact.stems) > 2), None)


def _best(asked: set[str], known: list[Fact]) -> str | None:
    if PRICE in asked:
        # Only facts with a price answer a question about prices.
        known = [
            fact
            for fact in known
            if PRICE in fact.stems | fact.heading or re.search(r"\d.*(?:₽|руб|\$|€)", fact.text)
        ]
    spread = Counter(word for fact in known for word in fact.stems)
    scored = [(_score(asked, fact, spread), -index, fact.text) for index, fact in enumerate(known)]
    score, _, text = max(scored, default=(0.0, 0, ""))
    return text if score > 0 else None


def _score(asked: set[str], fact: Fact, spread: Counter[str]) -> float:
    own = sum(1 / spread[word] for word in asked & fact.stems) + len(asked & fact.stems)
    density = len(asked & fact.stems) / max(len(fact.stems), 1)
    return own + density + HEADING_WEIGHT * len(asked & (fact.heading - fact.stems))
