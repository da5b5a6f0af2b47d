"""How others answer: rudely, in another language; several of them at once."""

import re

from tests.support.running_product import LINK, RunningProduct


def test_rudeness_and_another_language(hearing_house: RunningProduct) -> None:
    house = hearing_house
    rude, english = house.person(), house.person(name="John")
    says = {"rude": (rude, "Отвалите, достали уже! Не пишите мне"), "english": (english, "Yes, let's talk")}
    leads = {way: house.submit(Telegram=f"@{one['username']}")["id"] for way, (one, _) in says.items()}
    for lead in leads.values():
        house.becomes(lead, "contacted")
    for person, words in says.values():
        house.say(person, words)
    house.becomes(leads["rude"], "rejected")
    (apology,) = house.received(rude)[1:]
    assert LINK not in apology
    assert "Понял вас" in apology
    house.becomes(leads["english"], "scheduled")
    (answer,) = house.received(english)[1:]
    assert answer.endswith(LINK)
    assert not re.search("[а-яё]", answer, re.IGNORECASE)
