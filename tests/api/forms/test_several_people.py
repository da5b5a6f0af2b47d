"""Forms with several people: each of them is a lead."""

# ruff: noqa: E501 - tables

import json
from urllib.parse import urlencode

import pytest

from api.forms.form_reader import read_call

P, SECOND = "+79990009401", "+79990009402"


def form(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


TWO_PEOPLE = [
    form(
        {
            "leads[0][name]": "Анна",
            "leads[0][phone]": P,
            "leads[1][name]": "Иван",
            "leads[1][phone]": "+79990009402",
        }
    ),
    as_json({"items": [{"name": "Анна", "phone": P}, {"name": "Иван", "phone": SECOND}]}),
    as_json({"contacts": {"0": {"name": "Анна", "phone": P}, "1": {"name": "Иван", "phone": SECOND}}}),
    b'{"name":"\xd0\x90","phone":"+79990009401"}\n{"name":"B","phone":+79990009402"}',
    as_json(
        {
            "result": {
                "leads": [
                    {"fields": [{"name": "Имя", "value": "Анна"}, {"name": "Телефон", "value": P}]},
                    {"fields": [{"name": "Имя", "value": "Иван"}, {"name": "Телефон", "value": SECOND}]},
                ]
            }
        }
    ),
    as_json({"data": json.dumps([{"name": "Анна", "phone": P}, {"name": "Иван", "phone": SECOND}])}),
    as_json(
        [
            [{"name": "Имя", "value": "Анна"}, {"name": "Телефон", "value": P}],
            [{"name": "Имя", "value": "Иван"}, {"name": "Телефон", "value": SECOND}],
        ]
    ),
    form({"name[0]": "Анна", "phone[0]": P, "name[1]": "Иван", "phone[1]": "+79990009402"}),
    as_json({"name": ["Анна", "Иван"], "phone": [P, SECOND]}),
]
ANNA, IVAN = {"name": "Анна", "phone": P}, {"name": "Иван", "phone": SECOND}
SHOP = "+79990009403"
TWO_PEOPLE += [
    as_json(value)
    for value in [
        {"phone": SHOP, "items": [ANNA, IVAN]},
        {"shop_name": "Ромашка", "contact_phone": SHOP, "registrations": [ANNA, IVAN], "utm": "x"},
        {"lead1": ANNA, "lead2": IVAN},
        {"persons": {"a": ANNA, "b": IVAN}},
        {"event": "new", "payload": {"bride": ANNA, "groom": IVAN}},
        {"name1": "Анна", "phone1": P, "name2": "Иван", "phone2": SECOND, "city": "Омск"},
        {"guest1_name": "Анна", "guest1_tel": 79990009401, "guest2_name": "Иван", "guest2_tel": 79990009402},
        {"headers": ["Имя", "Телефон"], "rows": [["Анна", P], ["Иван", SECOND]]},
        {"range": "A1:B3", "values": [["Имя", "Телефон", "Город"], ["Анна", P, ""], ["Иван", SECOND]]},
        {"columns": [{"name": "Имя"}, {"name": "Телефон"}], "data": [["Анна", P], ["Иван", SECOND]]},
        [["Имя", "Телефон"], ["Анна", P], ["Иван", SECOND]],
        {"data": "[{'name': 'Анна', 'phone': '+79990009401'}, {'name': 'Иван', 'phone': '+79990009402',}]"},
    ]
]
TWO_PEOPLE += [
    form(
        {
            "leads[l1][name]": "Анна",
            "leads[l1][phone]": P,
            "leads[l2][name]": "Иван",
            "leads[l2][phone]": SECOND,
        }
    ),
    form({"name": "Анна", "phone": P}) + b"&" + form({"name": "Иван", "phone": SECOND}),
    form({"Имя": "Анна", "Телефон": P, "Имя 2": "Иван", "Телефон 2": SECOND, "Комментарий": "нас двое"}),
    form({"person_a.name": "Анна", "person_a.phone": P, "person_b.name": "Иван", "person_b.phone": SECOND}),
]
OLGA = "+79990009404"
THREE_PEOPLE = [
    {"name": "Olga", "phone": OLGA, "participants": [ANNA, IVAN]},
    {"customer": {"name": "Olga", "phone": OLGA}, "items": [ANNA, IVAN], "utm_source": "x"},
    {"first_name": "Olga", "phone": OLGA, "data": {"guests": [ANNA, IVAN]}},
]
ONE_PERSON = [
    (as_json(value), P)
    for value in [
        ANNA | {"Phone_2": SECOND},
        ANNA | {"phones": [{"phone": P}, {"phone": SECOND}]},
        ANNA | {"items": [{"name": "Стол"}, {"name": "Стул"}]},
        ANNA | {"managers": [{"name": "Игорь", "phone": SECOND}, {"name": "Пётр", "phone": SHOP}]},
        ANNA | {"addresses": [{"name": "Дом", "phone": SECOND}, {"name": "Офис", "phone": SHOP}]},
        ANNA | {"references": [{"name": "Игорь", "phone": SECOND}, {"name": "Пётр", "phone": SHOP}]},
        {"billing": ANNA, "shipping": IVAN},
        {"customer": ANNA, "manager": IVAN},
        {"headers": ["Имя", "Телефон"], "rows": [["Анна", P]]},
        {"user.name": "Анна", "user.phone": P},
        {"form": "{&quot;name&quot;: &quot;Анна&quot;, &quot;phone&quot;: &quot;+79990009401&quot;}"},
        {"payload": "{name: 'Анна', phone: '+79990009401',}"},
        {"comment": "[срочно]", **ANNA},
        {
            "name": "Анна",
            "custom_fields_values": [
                {"field_id": 1, "field_code": "PHONE", "values": [{"value": P, "enum_code": "WORK"}]}
            ],
        },
    ]
]
ONE_PERSON = [
    (as_json({"fields": [{name: "Имя", value: "Анна"}, {name: "Телефон", value: P}, {name: "Вопрос", value: "?"}]}), P)
    for name, value in [
        ("name", "data"), ("name", "input"), ("param_name", "param_value"), ("title", "text"), ("k", "v"),
        ("question_text", "answer_text"), ("questionTitle", "answerText"), ("attribute", "value"),
        ("FieldLabel", "FieldContent"), ("Вопрос", "Ответ"), ("key", "content"), ("prompt", "reply"),
        ("название", "значение"), ("caption", "typed"), ("FIELD_NAME", "FIELD_VALUE"),
    ]
]  # fmt: skip
ONE_PERSON = [
    (form({"user.name": "Анна", "user.phone": P}), P),
    (form({"lead.contact.name": "Анна", "lead.contact.phone": P, "utm.source": "x"}), P),
    (form({"data": "{'name': 'Анна', 'phone': '+79990009401'}"}), P),
]


@pytest.mark.parametrize(("body", "phone"), ONE_PERSON)
def test_one_person_with_lists_of_things(body: bytes, phone: str) -> None:
    (lead,) = read_call(body)
    assert (lead.name, lead.contact.phone and lead.contact.phone.e164) == ("Анна", phone)


@pytest.mark.parametrize("body", TWO_PEOPLE)
def test_each_of_two_people_is_found(body: bytes) -> None:
    phones = [lead.contact.phone and lead.contact.phone.e164 for lead in read_call(body)]
    assert phones == [P, SECOND]


@pytest.mark.parametrize("value", THREE_PEOPLE)
def test_the_person_around_a_list_of_people(value: object) -> None:
    found = [
        (lead.name, lead.contact.phone and lead.contact.phone.e164) for lead in read_call(as_json(value))
    ]
    assert found == [("Olga", OLGA), ("Анна", P), ("Иван", SECOND)]


def test_all_lists_of_people() -> None:
    value = {
        "adults": [ANNA, IVAN],
        "teens": [{"name": "Олег", "phone": SHOP}, {"name": "Ольга", "phone": OLGA}],
    }
    assert [lead.name for lead in read_call(as_json(value))] == ["Анна", "Иван", "Олег", "Ольга"]
