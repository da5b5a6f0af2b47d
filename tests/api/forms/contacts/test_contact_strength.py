"""Which contacts are surely the person's own, which are asked about first, and which values are no contact."""

# ruff: noqa: E501 - tables

from urllib.parse import urlencode

import pytest

from api.forms.form_reader import read_call
from shared.contacts import Phone

P = "+79990009401"


def form(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


# The title, the value, and the contact that must be found; weak, or strong.
WEAK = [
    *[(key, "@anna_k", "anna_k") for key in (
        "Telegram жениха", "Telegram ментора", "Telegram of the plumber", "Контакт прораба", "share_telegram",
        "telegram_news", "header telegram", "plumberTelegram", "Прораб: телеграм",
    )],
    *[(key, P, P) for key in (
        "foreman_phone", "Foreman's phone", "foreman's mobile phone", "Phone (plumber)", "прораб телефон",
        "Тёщин телефон", "Телефон (прораб)", "Phone plumber", "display_phone_number", "business_phone",
        "Virtual phone", "tracking_number_phone", "footer_phone", "sales phone", "press_phone",
        "reception_phone", "notify_phone", "forward_to_phone", "Forward calls to phone", "dad phone", "Phone (your plumber)", "Телефон (вашего прораба)", "téléphone du plombier",
    )],
    ("Telegram", "@anna k", "anna"),
    ("Telegram", "Anna", "Anna"),
    ("Telegram", "smith", "smith"),
    ("Telegram", "@anna 25", "anna"),
    ("Комментарий", "t.me/anna_k", "anna_k"),
    ("Комментарий", "привет, мой телеграм t.me/anna_k", "anna_k"),
]  # fmt: skip
STRONG = [
    *[(key, P, P) for key in (
        "cta_phone", "q4_phone", "field_phone", "form_phone", "billing_phone", "your_phone", "contact_phone",
        "user_phone", "client_phone", "customer_phone", "popup_phone", "wa_id", "waId", "Оставьте телефон",
        "Актуальный телефон", "Phone (optional)", "Phone number where we can reach you", "elementor_phone",
        "Телефон, пожалуйста", "Phone you use", "Телефон для консультации",
    )],
    ("Phone", "8_999_000_94_01", P),
    *[("Telegram", value, "anna_k") for value in (
        "мой ник anna_k", "ник: anna_k", '"anna_k"', "«anna_k»", "＠anna_k", "my username is anna_k",
    )],
    ("Telegram", "@photo_master", "photo_master"),
]  # fmt: skip
NO_USERNAMES = [
    *("no_telegram", "dont_have", "netu", "same", "by_phone", "none_yet", "your_username", "@username"),
    *(
        "@nickname",
        "@your_nick",
        "t.me/username",
        "@anna-k",
        "@anna.k",
        "@annaк",
        "anna-k",
        "@anna'k",
        "@anna~k",
        "id7771234567",
        "not_available",
        "same_as_phone",
        "yourusername",
    ),
    *("тт @maria_k", "TT: @maria_k"),
]
COUNTRIES = [
    ("Germany", "15123456789", "+4915123456789"),
    ("Германия", "15123456789", "+4915123456789"),
    ("Deutschland", "15123456789", "+4915123456789"),
    ("+49 (Germany)", "15123456789", "+4915123456789"),
    ("DE", "15123456789", "+4915123456789"),
    ("UA +380", "0671234567", "+380671234567"),
    ("Казахстан", "7011234567", "+77011234567"),
    ("Украина", "380671234567", "+380671234567"),
    ("Neverland", "15123456789", None),
    ("Neverland", "89990009401", P),
    ("Neverland", "+4915123456789", "+4915123456789"),
    ("Germany", "+15125550123", "+15125550123"),
]


@pytest.mark.parametrize(
    ("title", "value", "contact", "strength"), [(*row, "weak") for row in WEAK] + [(*row, "strong") for row in STRONG]
)  # fmt: skip
def test_how_sure_a_contact_is(title: str, value: str, contact: str, strength: str) -> None:
    (lead,) = read_call(form({"Name": "Anna Smith", title: value}))
    found = {"phone": lead.contact.phone and lead.contact.phone.e164, "username": lead.contact.username}
    assert {found[kind]: each["strength"] for kind, each in lead.evidence.items()} == {contact: strength}


@pytest.mark.parametrize("value", NO_USERNAMES)
def test_an_answer_is_no_username(value: str) -> None:
    assert read_call(form({"Name": "Anna", "Telegram": value})) == []


@pytest.mark.parametrize(("country", "typed", "phone"), COUNTRIES)
@pytest.mark.parametrize("title", ["country", "Страна"])
def test_a_named_country(title: str, country: str, typed: str, phone: str | None) -> None:
    phones = [lead.contact.phone and lead.contact.phone.e164 for lead in read_call(form({title: country, "tel": typed}))]  # fmt: skip
    assert phones == [phone] * (phone is not None)


def test_the_persons_own_fields_come_first() -> None:
    (lead,) = read_call(form({"Telegram жениха": "@stranger", "Ник": "anna_k"}))
    assert lead.contact.username == "anna_k"
    many = {f"Вопрос {at}": f"+7999000{at:04}" for at in range(60)}
    (lead,) = read_call(form({**many, "Phone": P}))
    assert lead.contact.phone == Phone(P, P)


@pytest.mark.parametrize("thing", [
    "widget", "popup", "section", "workflow", "flow", "funnel", "offer", "integration", "salon", "branch", "app", "trigger",
])  # fmt: skip
def test_the_name_of_a_thing_is_no_persons_name(thing: str) -> None:
    (lead,) = read_call(form({f"{thing}_name": "Rose", "Phone": P}))
    assert lead.name == ""
