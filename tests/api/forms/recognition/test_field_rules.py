"""What a field may contain, by the words of its name."""

# ruff: noqa: E501 - tables

import pytest

from api.forms.recognition.field_meaning import NamePart, NameRule, PhoneRule, UsernameRule
from api.forms.recognition.field_rules import meaning_of_field


@pytest.mark.parametrize(
    "key",
    ["Hotel name", "Имя ребёнка", "Как зовут ребёнка", "ad_name", "form_name", "Company name", "Имя менеджера",
     "Название сделки", "campaign_name", "file name", "Отчество", "hs_owner_name", "Second name", "Вам перезвонить?"],
)  # fmt: skip
def test_the_names_of_others_and_of_things(key: str) -> None:
    assert meaning_of_field(key).name is NameRule.NEVER


@pytest.mark.parametrize(
    ("key", "part"),
    [("Как к вам обращаться?", NamePart.FULL), ("Surname", NamePart.LAST), ("first_name", NamePart.GIVEN),
     ("Имя и фамилия", NamePart.FULL), ("FULL_NAME", NamePart.FULL), ("Ваше ім’я", NamePart.FULL),
     ("yourname", NamePart.FULL), ("Прізвище", NamePart.LAST), ("Vorname", NamePart.GIVEN)],
)  # fmt: skip
def test_the_parts_of_a_name(key: str, part: NamePart) -> None:
    meaning = meaning_of_field(key)
    assert (meaning.name, meaning.name_part) == (NameRule.EXACT, part)


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("WhatsApp", PhoneRule.PHONE),
        ("whats app", PhoneRule.PHONE),
        ("pHoNe", PhoneRule.PHONE),
        ("userTel", PhoneRule.PHONE),
        ("clientphone", PhoneRule.PHONE),
        ("Телефон, чтобы менеджер перезвонил", PhoneRule.PHONE),
        ("Номер для связи", PhoneRule.PHONE),
        ("Рабочий телефон (контакт)", PhoneRule.PHONE),
        ("Контакт", PhoneRule.CONTACT),
        ("Номер", PhoneRule.NUMBER),
        ("number", PhoneRule.IF_WRITTEN_AS_PHONE),
        ("Вопрос 3", PhoneRule.IF_WRITTEN_AS_PHONE),
        ("Телефон менеджера", PhoneRule.NEVER),
        ("Рабочий телефон (компания)", PhoneRule.NEVER),
        ("lead__assigned_to__phone", PhoneRule.NEVER),
        ("iPhone model", PhoneRule.NEVER),
        ("phone_type", PhoneRule.NEVER),
        ("phone-cf7it-country-name", PhoneRule.NEVER),
        ("Номер заказа", PhoneRule.NEVER),
        ("ИНН", PhoneRule.NEVER),
        ("telegram_id", PhoneRule.NEVER),
        ("Hotel", PhoneRule.NEVER),
        ("token", PhoneRule.NEVER),
    ],
)
def test_the_fields_for_phones(key: str, rule: PhoneRule) -> None:
    assert meaning_of_field(key).phone is rule


@pytest.mark.parametrize(
    ("key", "rule"),
    [
        ("Telegram", UsernameRule.TELEGRAM),
        ("Ваш ник в телеграме", UsernameRule.TELEGRAM),
        ("nickname", UsernameRule.PLAIN),
        ("Логин", UsernameRule.PLAIN),
        ("telegram_id", UsernameRule.PLAIN),
        ("Как с вами связаться?", UsernameRule.WITH_AT),
        ("Telegram / Instagram", UsernameRule.WITH_AT),
        ("Телефон", UsernameRule.WITH_AT),
        ("Ваш ник в Instagram", UsernameRule.NEVER),
        ("Ссылка на соцсеть", UsernameRule.IF_SAYS_TELEGRAM),
        ("WhatsApp", UsernameRule.IF_SAYS_TELEGRAM),
        ("Telegram channel", UsernameRule.NEVER),
        ("contact owner", UsernameRule.NEVER),
        ("contact_status", UsernameRule.NEVER),
        ("Email", UsernameRule.NEVER),
        ("Клиника", UsernameRule.NEVER),
        ("Дима и мясо", UsernameRule.NEVER),
    ],
)
def test_the_fields_for_usernames(key: str, rule: UsernameRule) -> None:
    assert meaning_of_field(key).username is rule


@pytest.mark.parametrize(
    ("key", "whose"),
    [("Телефон прораба", "прораба"), ("Имя невесты", "невесты"), ("Phone of the foreman", "foreman"),
     ("Телефон", ""), ("Телефон мобильный рабочий", ""), ("mf-telephone", ""), ("Телефон для заказа", "")],
)  # fmt: skip
def test_whose_contact_is_asked_for(key: str, whose: str) -> None:
    assert meaning_of_field(key).whose == whose


def test_what_stands_around_a_field() -> None:
    assert meaning_of_field("phone", path=("manager",)).phone is PhoneRule.NEVER
    assert meaning_of_field("phone", path=("data", "customer")).phone is PhoneRule.PHONE
    assert meaning_of_field("first", path=("name",)).name_part is NamePart.GIVEN
    assert meaning_of_field("name", path=("product",)).name is NameRule.BESIDE_CONTACT
    assert meaning_of_field("", kind="phone").phone is PhoneRule.PHONE
    assert meaning_of_field("q1", "Телефон менеджера").phone is PhoneRule.NEVER
