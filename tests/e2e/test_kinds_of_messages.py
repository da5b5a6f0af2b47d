"""What people do without plain words: reactions, calls, cards, files, rich messages, quotes."""

import re

import pytest

from tests.support.running_product import RunningProduct, token_of_link
from tests.support.waiting import until

CYRILLIC = re.compile("[а-яё]", re.IGNORECASE)


def greeted(product: RunningProduct, *ways: str, **person: object) -> tuple[dict[str, dict], dict[str, int]]:
    """Add a person for each name; returns the people and their greeted leads."""
    people = {way: product.add_person(**person) for way in ways}
    leads = {way: product.submit(Telegram=f"@{one['username']}")["id"] for way, one in people.items()}
    for lead in leads.values():
        product.wait_for_status(lead, "contacted")
    return people, leads


def said(product: RunningProduct, lead_id: int) -> list[str]:
    """What the lead has said, as it is stored."""
    return [one["text"] for one in product.get_lead(lead_id)["messages"] if one["direction"] == "in"]


def account_writes(product: RunningProduct, **message: object) -> None:
    (account, *_) = product.control.get("/accounts").json()
    answer = product.control.post(f"/accounts/{account['id']}/messages", json=message)
    assert answer.status_code == 201, answer.text


def test_reactions_on_the_offer(product: RunningProduct) -> None:
    people, leads = greeted(product, "like", "heart", "dislike", "odd", "withdrawn", "old")
    offer = product.received(people["like"])[0]
    product.say(people["old"], "А вы делаете мобильные приложения?")
    product.wait_for_status(leads["old"], "engaged")
    until(lambda: len(product.received(people["old"])) == 2, "the question is answered")
    greeting = next(one["id"] for one in product.chat(people["old"]) if one["from"] == "account")
    product.say(people["old"], react="👍", to=greeting)
    for way, emoji in (("like", "👍"), ("heart", "❤"), ("dislike", "👎"), ("odd", "🤔")):
        product.say(people[way], react=emoji)
    product.say(people["withdrawn"], react="👍")
    product.say(people["withdrawn"], react="")
    for way in ("like", "heart"):
        product.wait_for_status(leads[way], "scheduled")
        assert token_of_link(product.received(people[way])[1])
    (stored,) = said(product, leads["like"])
    assert stored.startswith("[reaction 👍 to “")
    assert offer.split()[-1] in stored
    # A thumbs down refuses the offer. It is no request for silence.
    product.wait_for_status(leads["dislike"], "rejected")
    username = people["dislike"]["username"]
    assert username not in product.api.get("/do-not-contact").text
    product.wait_for_status(leads["odd"], "engaged")
    assert product.received(people["odd"])[1].rstrip().endswith("?")
    # A change after the answer is no new answer; a reaction on an old message is only stored.
    product.say(people["like"], react="👎", to=product.chat(people["like"])[0]["id"])
    product.say(people["like"], "спасибо")
    until(lambda: "спасибо" in said(product, leads["like"]), "the later message is stored")
    until(lambda: len(said(product, leads["old"])) == 2, "the reaction on an old message is stored")
    assert product.get_lead(leads["old"])["status"] == "engaged"
    assert len(product.received(people["old"])) == 2
    assert product.get_lead(leads["like"])["status"] == "scheduled"
    assert len(product.received(people["withdrawn"])) == 1
    assert product.get_lead(leads["withdrawn"])["status"] == "contacted"


def test_calls(product: RunningProduct) -> None:
    people, leads = greeted(product, "missed", "own", "answered")
    product.say(people["missed"], service="call")
    product.wait_for_status(leads["missed"], "engaged")
    assert said(product, leads["missed"]) == ["[missed call]"]
    assert CYRILLIC.search(product.received(people["missed"])[1])
    account_writes(product, person=people["own"]["id"], service="call", seconds=130)
    product.say(people["answered"], service="call", seconds=60)
    for way, text in (("own", "[call, 2 min]"), ("answered", "[call, 1 min]")):
        lead = product.wait_for_status(leads[way], "handed_off")
        assert [one["text"] for one in lead["messages"]][1:] == [text]
        assert len(product.chat(people[way])) == 2


@pytest.mark.parametrize("name", ["Анна", "Anna"])
def test_media_without_words_are_answered_in_the_language_of_the_conversation(
    product: RunningProduct, name: str
) -> None:
    kinds = {
        "photo": "[photo]",
        "document": "[file: прайс.pdf]",
        "contact": "[contact: Peter, +79161234567]",
        "venue": "[place: Office, Lenina, 1]",
        "poll": "[poll: When? / Today / Tomorrow]",
    }
    details = {
        "document": ["прайс.pdf"],
        "contact": ["Peter", "79161234567"],
        "venue": ["Office", "Lenina, 1"],
        "poll": ["When?", "Today", "Tomorrow"],
    }
    people = {kind: product.add_person() for kind in kinds}
    leads = {
        kind: product.submit(Name=name, Telegram=f"@{one['username']}", Comments="Нужен сайт")["id"]
        for kind, one in people.items()
    }
    product.control.delete("/openai/calls")
    for kind, person in people.items():
        product.wait_for_status(leads[kind], "contacted")
        product.say(person, media=kind, details=details.get(kind, []))
    for kind, expected in kinds.items():
        product.wait_for_status(leads[kind], "engaged")
        assert said(product, leads[kind]) == [expected]
        answer = product.received(people[kind])[1]
        assert CYRILLIC.search(answer), answer
        assert answer.rstrip().endswith("?")
    # The number is for humans: the model does not see it.
    assert "9161234567" not in str(product.control.get("/openai/calls").json()["calls"])


def test_words_that_come_in_other_forms(product: RunningProduct) -> None:
    people, leads = greeted(product, "rich", "quote", "reply", "story", "gift", "trap", "link", "album")
    offer = product.chat(people["reply"])[0]
    product.say(people["rich"], rich=["Здравствуйте", "Давайте созвонимся завтра"])
    product.say(people["quote"], text="Да, давайте", reply_to=offer["id"], quote="Удобно?")
    product.say(people["reply"], text="Да, давайте", reply_to=offer["id"])
    product.say(people["story"], text="Давайте созвонимся", to_story=True)
    product.say(people["gift"], service="star_gift", details=["Давайте созвонимся"])
    product.say(people["trap"], text="Давайте созвонимся", media="giveaway", no_users=True)
    product.say(people["link"], text="Давайте созвонимся, ТЗ тут", links={"тут": "https://example.com/tz"})
    for text in ("Давайте созвонимся", ""):
        product.say(people["album"], text=text, media="photo", album=7)
    expected = {
        "rich": "[rich message] Здравствуйте\nДавайте созвонимся завтра",
        "quote": "[reply to “Удобно?”] Да, давайте",
        "story": "[reply to a story] Давайте созвонимся",
        "gift": "[gift: 50 Stars] Давайте созвонимся",
        "trap": "[giveaway: 3 prizes] Давайте созвонимся",
        "link": "Давайте созвонимся, ТЗ тут (https://example.com/tz)",
    }
    for way in people:
        product.wait_for_status(leads[way], "scheduled")
        assert token_of_link(product.received(people[way])[1])
    for way, text in expected.items():
        assert text in said(product, leads[way]), said(product, leads[way])
    (reply,) = said(product, leads["reply"])
    assert re.fullmatch(r"\[reply to “.+”\] Да, давайте", reply)
    assert said(product, leads["album"]) == ["[photo of an album] Давайте созвонимся", "[photo of an album]"]


def test_events_of_the_chat_are_stored_and_not_answered(product: RunningProduct) -> None:
    people, leads = greeted(product, "events")
    for service in ("pin", "theme", "ttl", "screenshot"):
        product.say(people["events"], service=service)
    until(lambda: len(said(product, leads["events"])) == 4, "the events are stored")
    assert product.get_lead(leads["events"])["status"] == "contacted"
    product.say(people["events"], "Давайте созвонимся")
    product.wait_for_status(leads["events"], "scheduled")
    assert len(product.received(people["events"])) == 2


def test_a_command_with_a_file_is_refused_with_a_word(product: RunningProduct) -> None:
    people, leads = greeted(product, "one")
    lead = leads["one"]
    account_writes(product, text=f"{lead}: вот прайс", media="document")
    account_writes(product, text=f"{lead}: прайс тут", links={"тут": "https://example.com/price"})
    (account, *_) = product.control.get("/accounts").json()

    def refusals() -> list[str]:
        notes = product.control.get(f"/accounts/{account['id']}/notes").json()
        return [one["text"] for one in notes if one["text"].startswith(f"Лид {lead}: не отправлено")]

    until(lambda: len(refusals()) == 2, "both commands are refused")
    assert product.get_lead(lead)["status"] == "contacted"
    assert len(product.received(people["one"])) == 1
