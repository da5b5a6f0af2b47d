"""Forms that name other people and other networks: Telegram sees a message to the person who asked, only."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.running_product import RunningProduct
from tests.support.waiting import until

Person = dict[str, Any]
Form = Callable[[Person, Person], dict[str, Any]]
REQUEST = "Нужен сайт клиники"


def _phone(person: Person) -> str:
    return f"+{person['phone']}"


# The first person asked. The second one bears a name or a number that stands in the form for something else.
FORMS: dict[str, Form] = {
    "the preferred method": lambda anna, other: {
        "Name": "Анна",
        "Phone": _phone(anna),
        "Preferred contact method": other["username"],
    },
    "a name in another network": lambda anna, other: {
        "Телефон": _phone(anna),
        "Ваш ник в Instagram": other["username"],
    },
    "a value of another network": lambda anna, other: {
        "Телефон": _phone(anna),
        "Контакт": f"вк: @{other['username']}",
    },
    "the sender's own account": lambda anna, other: {
        "action": "leads.created",
        "data": {
            "username": other["username"],
            "name": "Анна",
            "phone": _phone(anna),
            "records": [{"title": "Имя", "value": "Анна"}],
        },
    },
    "an id that could be dialled": lambda anna, other: {
        "name": "Анна",
        "phone": _phone(anna),
        "telegram_id": other["phone"],
        "order_id": other["phone"],
    },
    "the manager before the person": lambda anna, other: {
        "manager_name": "Ольга",
        "manager_phone": _phone(other),
        "manager_telegram": f"@{other['username']}",
        "name": "Анна",
        "phone": _phone(anna),
    },
    "the referrer and the company": lambda anna, other: {
        "Телефон компании": _phone(other),
        "Кто вас посоветовал?": f"@{other['username']}",
        "Имя": "Анна",
        "Телефон": _phone(anna),
    },
    "the owner around the form": lambda anna, other: {
        "account": {"name": "Студия", "phone": _phone(other), "telegram": f"@{other['username']}"},
        "lead": {"name": "Анна", "contact": {"telegram": f"@{anna['username']}"}},
    },
    "an unknown owner around a contact": lambda anna, other: {
        "plumber": {"name": "Борис", "phone": _phone(other)},
        "name": "Анна",
        "telegram": f"@{anna['username']}",
    },
    "the line that is called": lambda anna, other: {
        "call": {"from_phone": _phone(anna), "to_phone": _phone(other), "called_did": _phone(other)},
    },
    "a link to the site's own channel": lambda anna, other: {
        "referer": f"https://t.me/{other['username']}",
        "Сайт": f"t.me/{other['username']}",
        "Name": "Анна",
        "Telegram": f"@{anna['username']}",
    },
}
# Nobody asked here: a call without a contact of a person.
NOBODY: dict[str, Form] = {
    "only an id": lambda _, other: {"name": "Анна", "telegram_id": other["phone"]},
    "only the method": lambda _, other: {"name": "Анна", "Удобный способ связи": other["username"]},
    "only another network": lambda _, other: {"name": "Анна", "Ник в Instagram": other["username"]},
    "only the manager": lambda _, other: {"name": "Анна", "Телефон менеджера": _phone(other)},
    "a word in a phone field": lambda _, other: {"name": "Анна", "phone": other["username"]},
    "only a cut name": lambda _, other: {"name": "Анна", "Telegram": f"@{other['username']}…"},
    "only the called line": lambda _, other: {"name": "Анна", "to_phone": _phone(other)},
    "only the order": lambda _, other: {"name": "Анна", "Номер заказа": other["phone"]},
}


def _post(product: RunningProduct, form: dict[str, Any]) -> Any:  # noqa: ANN401
    body = json.dumps(form | {"Комментарий": REQUEST}).encode()
    return product.api.post("/leads/webhooks/form", content=body)


def test_only_the_person_who_asked_is_written_to(product: RunningProduct) -> None:
    people = {name: (product.add_person(), product.add_person(name="Борис")) for name in FORMS}
    for name, (anna, other) in people.items():
        answer = _post(product, FORMS[name](anna, other))
        assert answer.status_code == 201, (name, answer.text)
    for name, (anna, _) in people.items():
        until(lambda anna=anna: product.received(anna), f"the person is greeted: {name}")
    until(lambda: not product.unfinished_work(), "everything is done")
    for name, (anna, other) in people.items():
        assert len(product.received(anna)) == 1, name
        assert product.received(other) == [], name


@pytest.mark.parametrize("name", NOBODY)
def test_nobody_is_written_to_without_a_contact(product: RunningProduct, name: str) -> None:
    other = product.add_person(name="Борис")
    answer = _post(product, NOBODY[name](other, other))
    assert answer.status_code == 422, answer.text
    assert product.received(other) == []


def test_each_of_several_people_is_written_to(product: RunningProduct) -> None:
    people = [product.add_person() for _ in range(3)]
    body = [{"name": "Анна", "phone": _phone(person)} for person in people]
    answer = product.api.post("/leads/webhooks/form", json=[*body, {"name": "Иван", "phone": "нет"}])
    assert [result["outcome"] for result in answer.json()["leads"]] == ["stored"] * 3 + ["refused"]
    for person in people:
        until(lambda person=person: product.received(person), "each person is greeted")
    until(lambda: not product.unfinished_work(), "everything is done")
    assert [len(product.received(person)) for person in people] == [1, 1, 1]


def test_weak_evidence_from_a_form_tells_nothing(product: RunningProduct) -> None:
    person = product.add_person()
    answer = _post(product, {"Имя": "Анна", "Контакт": f"@{person['username']}"})
    assert answer.json()["contact_evidence"]["username"]["strength"] == "weak"
    until(lambda: product.received(person), "the person is asked")
    (text,) = product.received(person)
    assert "Вы оставляли заявку" in text
    assert "клиник" not in text
    product.say(person, "да")
    until(lambda: len(product.received(person)) == 2, "the request is named after the confirmation")
    assert "клиник" in product.received(person)[1]
