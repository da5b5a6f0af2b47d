"""Words that name a day or a time, and words that only look like them."""

import pytest

from worker.domain.wording.times import names_time


@pytest.mark.parametrize(
    "text",
    [
        *("в 10", "15 июня", "в июле", "июль", "мая", "in June", "in july", "Sept", "on Jan"),
        *("в среду", "по средам", "к четвергу", "воскресенье", "on Tuesday", "Fridays"),
        *("в десять", "к девяти", "с одиннадцати", "в три", "трёх", "двумя", "сорока", "ста", "семи"),
        *("к десятому", "девятого", "двадцать первого", "в седьмом часу", "полшестого", "пятидесяти"),
        *("восьми", "в восемь", "третьего", "двенадцатого", "четырёх", "семнадцать", "шестьсот"),
        *("at nine", "the ninth", "fourteen", "forty", "seventh", "twentieth"),
    ],
)
def test_times(text: str) -> None:
    assert names_time(text)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "давайте созвонимся",
            "магазин",
            "семья",
            "семинар",
            "требуется",
            "десятка мало",
            "стол",
            "маркетинг",
        ),
        *(
            "средство",
            "спасибо, хорошо",
            "можно",
            "двери",
            "with both",
            "often",
            "someone",
            "money",
            "decide",
        ),
        *("market", "второпях", "пятно"),
    ],
)
def test_other_words(text: str) -> None:
    assert not names_time(text)
