"""Pure: as much of the form and the conversation as the model is given, as data that cannot pass for more."""

import re
from collections.abc import Sequence

from worker.assistant.guardrails.text_normalization import strip_invisible
from worker.domain.assistant_port import Brief, Turn
from worker.domain.conversation import tag_new_request

# The prompt speaks of this line: what stands before it was understood in its time.
NEW = "Новые сообщения:"
_EARLIER = "Раньше в переписке, коротко:"
_CLOCK = "Сейчас у человека:"
_DRAFT = "Прошлый вариант ответа не отправлен:"
_MARKS = re.compile(
    rf"^([^\S\n]*(?:{NEW[:-1]}|{_EARLIER[:-1]}|{_CLOCK[:-1]}|{_DRAFT[:-1]}|Заявка с сайта)[^\S\n]*):?",
    re.I | re.M,
)

# The turns that are given whole; what came before them is told in a line each.
MOST_TURNS = 16
LONGEST_TURN = 4_000
LONGEST_LINE = 160
LONGEST_DIGEST = 2_000
_DAYS = ("понедельник", "вторник", "среда", "четверг", "пятница", "суббота", "воскресенье")


def form(brief: Brief, company: str) -> Turn:
    """What the form said, as the first thing the person said to us."""
    lines = [f"Имя: {as_data(brief.name) or 'не указано'}", f"Компания: {company}"]
    lines += [f"{as_data(key)}: {as_data(value)}" for key, value in brief.request.items()]
    if brief.met_before:
        lines.append("Раньше: компания уже переписывалась с этим человеком")
    lines += [as_data(tag_new_request(text)) for text in brief.further]
    return Turn(ours=False, text="Заявка с сайта\n" + "\n".join(lines))


def earlier(turns: Sequence[Turn]) -> list[Turn]:
    """What was said before: the last turns as they were, a digest of those before them."""
    old, recent = turns[:-MOST_TURNS], turns[-MOST_TURNS:]
    said = [Turn(turn.ours, cut(as_data(turn.text), LONGEST_TURN)) for turn in recent]
    return [Turn(ours=False, text=f"{_EARLIER}\n{digest(old)}"), *said] if old else said


def to_greet(brief: Brief, company: str, draft_refused: str | None = None) -> Turn:
    """The form and the time of day, behind why a first draft was not sent."""
    lines = [*_draft(draft_refused), form(brief, company).text, *_clock(brief)]
    return Turn(ours=False, text="\n".join(lines))


def latest(brief: Brief, said: str, draft_refused: str | None = None) -> Turn:
    """What the person wrote now, behind the time of day and behind why a first answer was not sent."""
    lines = [*_clock(brief), *_draft(draft_refused), NEW, cut(as_data(said), LONGEST_TURN)]
    return Turn(ours=False, text="\n".join(lines))


def _clock(brief: Brief) -> list[str]:
    now = brief.local_time
    return [f"{_CLOCK} {_DAYS[now.weekday()]}, {now:%d.%m.%Y, %H:%M}"] if now else []


def _draft(refused: str | None) -> list[str]:
    return [f"{_DRAFT} {refused}. Верни решение с другим текстом, по правилам."] if refused else []


def digest(turns: Sequence[Turn]) -> str:
    """A line a turn; if they are too many, the newest of them."""
    lines: list[str] = []
    for turn in reversed(turns):
        text = re.sub(r"\s+", " ", as_data(turn.text))
        line = f"{'Мы' if turn.ours else 'Человек'}: {cut(text, LONGEST_LINE)}"
        if sum(map(len, lines)) + len(line) > LONGEST_DIGEST:
            break
        lines.insert(0, line)
    return "\n".join(lines)


def as_data(text: str) -> str:
    """Words from outside: nothing that hides, no tags, and no line that looks like one of ours."""
    bare = _MARKS.sub(r"\1 —", strip_invisible(text).replace("<", "‹").replace(">", "›"))
    # The one tag of ours: worker.domain.conversation takes it out of what people write.
    return re.sub(r"‹(/?new_request)›", r"<\1>", bare)


def cut(text: str, most: int) -> str:
    """The beginning and the end of a text that is too long."""
    return text if len(text) <= most else f"{text[: most * 2 // 3]} … {text[-most // 3 :]}"
