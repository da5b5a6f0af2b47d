"""The kinds of mistakes that a reader of forms can make: a stranger's contact, a lost person, a lost number."""

# ruff: noqa: E501 - tables

import json
from urllib.parse import urlencode

import pytest

from api.forms.form_reader import read_call
from shared.contacts import Phone

P, SECOND = "+79990009401", "+79990009402"


def form(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


NOBODY = [
    form({"Имя": "Анна", k: v})
    for k, v in [
        ("Contact via", "Telegram"),
        ("How should we contact you?", "WhatsApp"),
        ("Best way to reach you", "Phone"),
        ("Связь", "Звонок"),
        ("contact_preference", "anna_k"),
        ("Инста", "@anna_k"),
        ("Discord tag", "@anna_k"),
        ("Skype", "anna_k"),
        ("Twitter handle", "@anna_k"),
        ("Ваш ник в Tik Tok", "@anna_k"),
        ("Ник в Clubhouse", "@anna_k"),
        ("X (Twitter)", "@anna_k"),
        ("Артикул", "89990009401"),
        ("Госномер авто", "89990009401"),
        ("Лицевой счёт", "79990009401"),
        ("VIN", "79990009401123"),
        ("Трек-номер", "89990009401"),
        ("created_by", "+79990009401"),
        ("Телефон организатора", P),
        ("rep_phone", P),
        ("phone", "anna_k"),
        ("tel", "Germany"),
        ("Телефон", "перезвоните"),
        ("whatsapp_id", "79990009401"),
        ("viber_id", "79990009401"),
        ("chat_id", "79990009401"),
        ("Контакт", "inst: @anna_k"),
        ("Контакт", "instagram @anna_k"),
        ("Контакт", "vk.com/anna_k"),
        ("Контакт", "anna@mail.ru"),
        ("Telegram channel", "@anna_k"),
        ("utm_source", "t.me/anna_k"),
        ("referrer", "https://t.me/anna_k"),
        ("landing_url", "https://t.me/anna_k?phone=79990009401"),
        ("Сумма", "89990009401"),
        ("timestamp", "79990009401"),
        ("Кто посоветовал", "@anna_k"),
        ("Рекомендатель", P),
        ("Телефон", "+7 999 000 94 0"),
        ("amount", "+7 (999) 000-94-01"),
        ("Company", P),
        ("Юрист", P),
        ("Наш телефон", P),
        ("Подписаны на наш телеграм?", "@anna_k"),
        ("Телефон прежнего хозяина", P),
        ("Телефон чоловіка", P),
        ("Телефон вашей сестры", P),
        ("Телефон отримувача", P),
        ("Telefon des Arbeitgebers", P),
        ("Téléphone de l'employeur", P),
        ("Next of kin phone", P),
        ("Кто вас направил? Телефон", P),
        ("phone_mask", "+7 (999) 999-99-99"),
        ("called_phone", P),
        ("to_phone", P),
        ("dialed number", "79990009401"),
        ("from_id", "79990009401"),
        ("phone_order_number", "89990009401"),
        ("Telegram", "@anna***"),
        ("Telegram", "https://t.me/anna…"),
        ("Telegram", "@anna+k"),
    ]
]
NOBODY += [
    as_json({"created_by": {"name": "Менеджер", "phone": P}}),
    as_json({"assigned_to": {"phone": P}, "name": "Анна"}),
    as_json({"responsible": {"telegram": "@boss"}, "name": "Анна"}),
    as_json({"seller": {"contacts": {"phone": P}}}),
    as_json({"organizer": {"phone": P}}),
    as_json({"shop": {"phone": P}, "customer": {"name": "Анна"}}),
    as_json({"name": "Анна", "messenger_username": "anna_k", "channel_type": "instagram"}),
]
THE_PERSON = [
    (form({"Имя": "Анна", "Телефон": v}), P)
    for v in [
        "8-999-000-94-01#12",
        "+7 (999) 000 94 01, доб. 5",
        "8 999 000-94-01 Анна",
        "т. 89990009401",
        "моб.89990009401",
        "WhatsApp +79990009401",
        "+7(999)000-94-01/+7(999)000-94-02",
        "89990009401 или 89990009402",
        "tel:+79990009401",
        "+7 999 000 94 01 (до 18:00)",
        "７９９９０００９４０１",
        "+7-999-000-94-01 вечером",
        "79990009401.0",
        "Номер: +7 999 000 94 01",
        "мой +7 999 000 94 01 звоните",
        "8 (999) 000 94 01 (Viber)",
        "+7.999.000.94.01",
        "8 999 000 94 01, менеджеру не давать",
    ]
]
THE_PERSON += [
    (as_json(v), P)
    for v in [
        {"name": "Анна", "contacts": {"phone": P}},
        {"data": [{"name": "Анна", "phone": P}]},
        {"name": "Анна", "phones": [{"value": P, "type": "mobile"}]},
        {"name": "Анна", "phone": {"value": P}},
        {"Имя": "Анна", "Контактный телефон": P},
        {"Имя": "Анна", "Контактные данные": P},
        {"name": "Анна", "phone_number": P, "page_id": "79990009499"},
        {"name": "Анна", "mobilePhone": P},
        {"name": "Анна", "Phone Number (WhatsApp)": P},
        {"name": "Анна", "Ваш контактный номер": "89990009401"},
        {"submitted_by": {"name": "Анна", "phone": P}},
        {"name": "Анна", "tel_number": 89990009401},
        {"person": {"name": "Анна", "phones": [P]}},
        [["x"], {"name": "Анна", "phone": P}],
        {"name": "Анна", "Telefonnummer": P},
        {"name": "Анна", "Número de teléfono": P},
        {"Имя": "Анна", "Как с Вами связаться (телефон, телеграм)": "89990009401"},
        {"Имя": "Анна", "Телефон*": "89990009401"},
        {"Имя": "Анна", "Введите ваш телефон": "89990009401"},
        {"Имя": "Анна", "Куда вам позвонить? Телефон": "89990009401"},
        {"Имя": "Анна", "Телефон руководителя": "+79990000000", "Ваш телефон": P},
        {"Имя невесты": "Анна", "Телефон жениха": SECOND, "Телефон невесты": P},
        {"ФИО ученика": "Пётр", "ФИО родителя": "Анна", "Телефон ученика": SECOND, "Телефон родителя": P},
        {"first_name": "Анна", "phone": P, "user": {"firstName": "Igor", "phone": SECOND}},
        {
            "contacts": [
                {"role": "manager", "name": "Игорь", "phone": SECOND},
                {"role": "client", "name": "Анна", "phone": P},
            ]
        },
        {"name": "Анна", "phone": "husband's +79990009402; mine +79990009401"},
        {"Имя": "Анна", "Вопрос": "Добрый день! Мой номер 8 999 000-94-01, перезвоните"},
        {"Имя": "Анна", "Куда прислать расчёт": "8-999-000-94-01"},
        {"imya": "Анна", "telefon": P},
        {"Покупатель": "Анна", "Телефон покупателя": P},
        {"Контактное лицо": "Анна", "Телефон": P},
        {"name": "Анна", "PhoneNumber_countrycode": P},
        {"name": "Анна", "text_reminder_number": P},
        {"Vorname": "Анна", "Rufnummer": P},
        {"name": "Анна", "quform_1_4": P},
        {"name": "Анна", "phone_mask": "+7 (999) 000-94-01"},
        {
            "values": {"f1": "Анна", "f2": P, "f3": SECOND},
            "labels": {"f1": "Имя", "f2": "Телефон", "f3": "Телефон мужа"},
        },
        {
            "answers": [
                {"name": "firstName", "answerDetails": {"textQuestionAnswer": {"answer": "Анна"}}},
                {"name": "phoneNumber", "answerDetails": {"textQuestionAnswer": {"answer": P}}},
            ]
        },
    ]
]
WUFOO = {
    "Fields": [
        {"Title": "Name", "ID": "Field1", "SubFields": [{"ID": "Field1", "Label": "First"}]},
        {"Title": "Phone", "Type": "phone", "ID": "Field5"},
    ]
}
THE_PERSON += [
    (form({"Field1": "Анна", "Field5": P, "FieldStructure": json.dumps(WUFOO)}), P),
    (form({"Name": "first = Анна\nmiddle = ", "Phone": f"value = {P}\nfield_type = phone"}), P),
    (form({"Имя": "Анна", "Телефон": "", "ФИО": "89990009401"}), P),
]


@pytest.mark.parametrize("body", NOBODY)
def test_nobody_is_found(body: bytes) -> None:
    assert read_call(body) == []


@pytest.mark.parametrize(("body", "phone"), THE_PERSON)
def test_the_person_is_found(body: bytes, phone: str) -> None:
    (lead,) = read_call(body)
    assert (lead.name, lead.contact.phone and lead.contact.phone.e164) == ("Анна", phone)


@pytest.mark.parametrize("key", [
    "Телефон (наш менеджер перезвонит)", "Оставьте номер телефона, и менеджер свяжется с вами",
    "Оставьте номер телефона и наш менеджер свяжется с вами", "Телефон, чтобы курьер мог позвонить",
    "Ваш телефон для связи с менеджером", "Phone number so our agent can reach you", "Телефон - менеджер перезвонит вам",
])  # fmt: skip
def test_a_sentence_about_who_will_call(key: str) -> None:
    (lead,) = read_call(form({key: P}))
    assert lead.contact.phone == Phone(P, P)


@pytest.mark.parametrize("key", [
    "Телефон того, кто вас пригласил", "Phone of the person who referred you", "Кто вас посоветовал? Имя и телефон",
    "Имя и телефон менеджера", "manager's phone", "Менеджер: телефон", "Телефон вашего персонального менеджера",
    "manager_direct_phone", "Телефон (менеджер)", "Контакт ответственного за проект", "Emergency contact phone",
])  # fmt: skip
def test_a_contact_of_somebody_else(key: str) -> None:
    assert read_call(form({"Имя": "Анна", key: P})) == []
