"""Other replies: rude ones, and ones in another language; several people at once."""

import re

from tests.support.running_product import LINK, RunningProduct, token_of_link


def test_rudeness_and_another_language(transcribing_product: RunningProduct) -> None:
    product = transcribing_product
    rude, english = product.add_person(), product.add_person(name="John")
    replies = {
        "rude": (rude, "Отвалите, достали уже! Не пишите мне"),
        "english": (english, "Yes, let's talk"),
    }
    leads = {way: product.submit(Telegram=f"@{one['username']}")["id"] for way, (one, _) in replies.items()}
    for lead in leads.values():
        product.wait_for_status(lead, "contacted")
    for person, words in replies.values():
        product.say(person, words)
    product.wait_for_status(leads["rude"], "rejected")
    (apology,) = product.received(rude)[1:]
    assert LINK not in apology
    assert "больше не будем вам писать" in apology
    product.wait_for_status(leads["english"], "scheduled")
    (answer,) = product.received(english)[1:]
    assert token_of_link(answer)
    assert not re.search("[а-яё]", answer, re.IGNORECASE)
