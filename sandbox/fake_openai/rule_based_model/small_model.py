"""A bad small model: it confuses the roles, agrees for the person, and repeats what they said.

The mistakes are those of a model with 1.5 billion parameters, with JSON that is always whole.
"""

import json
import re
from collections.abc import Sequence

from sandbox.fake_openai.rule_based_model.conversation import last_messages
from sandbox.fake_openai.rule_based_model.intent import asks_question, classify
from sandbox.fake_openai.rule_based_model.words.language import detect
from sandbox.fake_openai.rule_based_model.words.marks import words_of
from sandbox.fake_openai.turn import Message

_WAITING = re.compile(r"^\W*(?:сек|секунд\w+|ща|алло|момент|1 мин|hello|hi|sec|wait)\W*$", re.IGNORECASE)
_WORK_WITH = re.compile(r"\bработаете\b|\bdo you (?:use|work with)\b", re.IGNORECASE)
_OPT_OUT = re.compile(r"отпишите|удалите|remove my|unsubscribe", re.IGNORECASE)
_HUMAN = re.compile(r"человек|оператор|менеджер|human|real person", re.IGNORECASE)
_GREETING = "Привет, Алекс! Рады видеть вас в нашей компании! #работа #сайт"


def blunder(messages: Sequence[Message], usual: str) -> dict[str, object]:
    """Return the fields of the answer that the model gets wrong; `usual` is the answer of the rules."""
    answer = json.loads(usual) if usual.startswith("{") else {}
    if "intent" not in answer:
        return {"text": _GREETING}
    conversation = [message for message in messages if message.role in ("user", "assistant")]
    fields: dict[str, object] = {"confidence": 0.99, "facts": [], "wish": "none", "write_at": None}
    return fields | _misunderstand(words_of(last_messages(conversation)))


def _misunderstand(said: str) -> dict[str, object]:
    is_question = asks_question(said.lower())
    mistakes: tuple[tuple[bool, dict[str, object]], ...] = (
        (bool(_OPT_OUT.search(said)), {"text": "К сожалению, у меня нет возможности прервать рассылку."}),
        (bool(_HUMAN.search(said)), {"needs_human": True, "text": "Да, а какой сайт вы хотите?"}),
        (
            bool(_WAITING.match(said) or _WORK_WITH.search(said)),
            {"intent": "accept", "text": "Отлично, записал вас на звонок!"},
        ),
        ("👎" in said, {"do_not_contact": True}),
        (is_question, {"text": f"Да, а {said[:1].lower()}{said[1:]}"}),
        (classify(said) == "reject", {"text": f"Вот ответ, который я предлагаю: {said}"}),
    )
    echo: dict[str, object] = {"text": f"Я наш сотрудник. {said if detect(said) else 'Хорошо'}"}
    return next((fields for applies, fields in mistakes if applies), echo)
