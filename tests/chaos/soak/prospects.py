"""The people of the soak test: what each answers, and which messages each must receive."""

import random
from dataclasses import dataclass, replace

ACCEPT = ("Да, давайте созвонимся", "Отлично, давайте", "Хорошо, согласен на звонок")
QUESTION = ("Сколько стоит сайт?", "А вы делаете мобильные приложения?", "Вы внедряете CRM?")
REJECT = ("Нет, спасибо, неактуально", "Не интересно")
UNCLEAR = ("хм", "ну не знаю")


@dataclass(frozen=True)
class Script:
    """`replies`: one after each received message. `kinds`: the expected messages. `status`: the final one.

    A `booked` person books a meeting after the link: a confirmation and a reminder follow.
    """

    replies: tuple[str, ...]
    kinds: tuple[str, ...]
    status: str
    hidden: bool = False


def random_script(chance: random.Random) -> Script:
    """Choose a script at random; of the people who get the link, every second one books."""
    script = random_conversation(chance)
    if script.status != "scheduled" or chance.random() < 0.5:
        return script
    return replace(script, kinds=(*script.kinds, "follow_up", "follow_up"), status="booked")


def random_conversation(chance: random.Random) -> Script:
    """Choose a script without a meeting at random."""
    accept, question = chance.choice(ACCEPT), chance.choice(QUESTION)
    return chance.choice(
        (
            Script((accept,), ("greeting", "link"), "scheduled"),
            Script((question, accept), ("greeting", "answer", "link"), "scheduled"),
            Script(
                (chance.choice(UNCLEAR), question, accept),
                ("greeting", "clarification", "answer", "link"),
                "scheduled",
            ),
            Script((chance.choice(REJECT),), ("greeting", "apology"), "rejected"),
            Script(
                (chance.choice(REJECT), question, accept),
                ("greeting", "apology", "answer", "link"),
                "scheduled",
            ),
            Script((), (), "unreachable", hidden=True),
        )
    )
