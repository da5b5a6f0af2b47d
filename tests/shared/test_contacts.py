"""Parsing of the phones and usernames that people type."""

import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.contacts import (
    Contact,
    ContactError,
    Phone,
    parse_any_phone,
    parse_phone,
    parse_username,
    read_contact,
    read_either,
)

MOBILE = "+79991234567"

# Input, digits as typed, number to dial.
PHONES = [
    ("+79991234567", "+79991234567", MOBILE),
    ("79991234567", "79991234567", MOBILE),
    ("89991234567", "89991234567", MOBILE),
    ("9991234567", "9991234567", MOBILE),
    ("+7 999 123-45-67", "+79991234567", MOBILE),
    ("+7 (999) 123-45-67", "+79991234567", MOBILE),
    ("(+7) 999 123-45-67", "+79991234567", MOBILE),
    ("+7(999)1234567", "+79991234567", MOBILE),
    ("+ 7 999 123 45 67", "+79991234567", MOBILE),
    ("++79991234567", "+79991234567", MOBILE),
    ("7-999-123-45-67", "79991234567", MOBILE),
    ("8 (999) 123-45-67", "89991234567", MOBILE),
    ("8-999-123-45-67", "89991234567", MOBILE),
    ("8.999.123.45.67", "89991234567", MOBILE),
    ("8/999/1234567", "89991234567", MOBILE),
    ("9 991 234 567", "9991234567", MOBILE),
    ("  89991234567.\n", "89991234567", MOBILE),
    # A needless plus, a missing plus, a country code doubled by a form's input mask.
    ("+8 999 123 45 67", "+89991234567", MOBILE),
    ("+89991234567", "+89991234567", MOBILE),
    ("+8 (495) 123-45-67", "+84951234567", "+74951234567"),
    ("+9991234567", "+9991234567", MOBILE),
    ("+7+79991234567", "+779991234567", MOBILE),
    ("+7 (899) 912-345-67", "+789991234567", MOBILE),
    ("007 999 123 45 67", "0079991234567", MOBILE),
    # Landlines and service numbers.
    ("8 495 123 45 67", "84951234567", "+74951234567"),
    ("(495) 123-45-67", "4951234567", "+74951234567"),
    ("8 (812) 123-45-67", "88121234567", "+78121234567"),
    ("8-800-555-35-35", "88005553535", "+78005553535"),
    # Invisible characters of copied text.
    ("+7\u00a0999\u00a0123\u00a045\u00a067", "+79991234567", MOBILE),
    ("8\u2009999\u2009123\u200945\u200967", "89991234567", MOBILE),
    ("8 999 123\u201145\u201167", "89991234567", MOBILE),
    ("8 999 123–45—67", "89991234567", MOBILE),
    ("8 999 123−45−67", "89991234567", MOBILE),
    ("\u202a+7 999 123 45 67\u202c", "+79991234567", MOBILE),
    ("\u200e+79991234567", "+79991234567", MOBILE),
    ("\ufeff89991234567", "89991234567", MOBILE),
    # Digits of other scripts are stored as ASCII digits.
    ("٨٩٩٩١٢٣٤٥٦٧", "89991234567", MOBILE),
    ("＋７９９９１２３４５６７", "+79991234567", MOBILE),
    # Labels, extensions, a second contact.
    ("tel:+79991234567", "+79991234567", MOBILE),
    ("TEL:8-999-123-45-67", "89991234567", MOBILE),
    ("callto:89991234567", "89991234567", MOBILE),
    ("Тел.: 8 999 123 45 67", "89991234567", MOBILE),
    ("т. 89991234567", "89991234567", MOBILE),
    ("WhatsApp +7 999 123-45-67", "+79991234567", MOBILE),
    ("8 495 123-45-67 доб. 12", "84951234567", "+74951234567"),
    ("8 (495) 123-45-67 (доб. 12)", "84951234567", "+74951234567"),
    ("84951234567доб12", "84951234567", "+74951234567"),
    ("84951234567 ext. 12", "84951234567", "+74951234567"),
    ("84951234567 x12", "84951234567", "+74951234567"),
    ("+74951234567;ext=12", "+74951234567", "+74951234567"),
    ("84951234567,,12#", "84951234567", "+74951234567"),
    ("8 999 123 45 67 Анна", "89991234567", MOBILE),
    ("8 999 123 45 67 (Анна)", "89991234567", MOBILE),
    ("+7 999 123 45 67, +7 999 765 43 21", "+79991234567", MOBILE),
    ("+7 999 123 45 67 / 8 999 765 43 21", "+79991234567", MOBILE),
    ("+7 999 123-45-67 @anna_k", "+79991234567", MOBILE),
    # Other countries.
    ("+380 44 123 45 67", "+380441234567", "+380441234567"),
    ("380501234567", "380501234567", "+380501234567"),
    ("8 10 380 50 123 45 67", "810380501234567", "+380501234567"),
    ("375291234567", "375291234567", "+375291234567"),
    ("+375 (29) 123-45-67", "+375291234567", "+375291234567"),
    ("998901234567", "998901234567", "+998901234567"),
    ("+998 90 123 45 67", "+998901234567", "+998901234567"),
    ("8 701 123 45 67", "87011234567", "+77011234567"),
    ("+7 777 123 45 67", "+77771234567", "+77771234567"),
    ("+1 (212) 555-0123", "+12125550123", "+12125550123"),
    ("12125550123", "12125550123", "+12125550123"),
    ("+44 20 7946 0958", "+442079460958", "+442079460958"),
    ("0044 20 7946 0958", "00442079460958", "+442079460958"),
    ("+49 (0) 30 123456", "+49030123456", "+4930123456"),
    ("+84 95 123 45 67", "+84951234567", "+84951234567"),
    ("3725123456", "3725123456", "+3725123456"),
    # Telegram's anonymous numbers.
    ("+888 0123 4567", "+88801234567", "+88801234567"),
    ("+888 8 123", "+8888123", "+8888123"),
    # Links.
    ("https://t.me/+79991234567", "+79991234567", MOBILE),
    ("t.me/+7 (999) 123-45-67", "+79991234567", MOBILE),
    ("t.me/+79991234567?text=hi", "+79991234567", MOBILE),
    ("t.me/79991234567/", "+79991234567", MOBILE),
    ("tg://resolve?phone=79991234567", "+79991234567", MOBILE),
    ("tg:resolve?phone=%2B79991234567", "+79991234567", MOBILE),
    ("https://wa.me/79991234567", "+79991234567", MOBILE),
]

# Input, username.
USERNAMES = [
    ("anna_k", "anna_k"),
    ("@anna_k", "anna_k"),
    ("@ anna_k", "anna_k"),
    ("@@anna_k", "anna_k"),
    ("  @Anna_K\n", "Anna_K"),
    ("＠anna_k", "anna_k"),
    ("@\u00a0anna_k", "anna_k"),
    ("@\u200banna_k", "anna_k"),
    ("(@anna_k)", "anna_k"),
    ("«anna_k».", "anna_k"),
    ("Telegram: @anna_k", "anna_k"),
    ("тг @anna_k", "anna_k"),
    ("t.me/anna_k", "anna_k"),
    ("t.me/@anna_k", "anna_k"),
    ("www.t.me/anna_k", "anna_k"),
    ("t.me:443/anna_k", "anna_k"),
    ("https://t.me/anna_k", "anna_k"),
    ("http://t.me/anna_k/", "anna_k"),
    ("https://t.me//anna_k//", "anna_k"),
    ("HTTPS://T.ME/Anna_K", "Anna_K"),
    ("https://t.me/anna_k?start=1&x=[", "anna_k"),
    ("https://t.me/anna_k#top", "anna_k"),
    ("https://t.me/anna_k,", "anna_k"),
    ("https://t.me/anna_k/s/5", "anna_k"),
    ("t.me/%61nna_k", "anna_k"),
    ("telegram.me/anna_k", "anna_k"),
    ("https://TELEGRAM.me/anna_k?x=1", "anna_k"),
    ("telegram.dog/anna_k", "anna_k"),
    ("anna_k.t.me", "anna_k"),
    ("https://anna_k.t.me/", "anna_k"),
    ("https://ANNA_K.T.ME/?x=1", "anna_k"),
    ("https://web.telegram.org/k/#@anna_k", "anna_k"),
    ("tg://resolve?domain=anna_k", "anna_k"),
    ("tg://resolve/?domain=@anna_k", "anna_k"),
    ("TG://RESOLVE?domain=anna_k&start=1", "anna_k"),
    ("tg:resolve?domain=anna_k", "anna_k"),
    ("duro", "duro"),
    ("du__rov1", "du__rov1"),
    ("a" * 32, "a" * 32),
]

NOT_CONTACTS = [
    # A channel's page, and a post.
    *("https://t.me/s/anna_k", "https://t.me/anna_k/123"),
    # Not phones.
    "+", "---", "(((", "tel:", "12345", "112", "123-45-67", "899912345678", "89991234567 89997654321",
    "+1234567890", "+999123456789", "+0 999 123 45 67", "1" * 16, "+7 (999) 123-45-6_", "8 999 123 45 6О",
    "+7 999 abc 45 67", "7_999_123_45_67", "79991234567@c.us",
    # Not usernames.
    "@", "дуров", "duroв", "Анна", "dur", "dur_", "anna_k_", "_anna_k", "1anna", "anna k", "anna-k", "anna.k",
    "@ivan petrov", "a" * 33, "anna@mail.ru", "@anna@", "нет телеграма",
    # Links that do not lead to a person on Telegram.
    "t.me", "https://t.me/", "t.me/+", "https://t.me/+AbCdEf123", "t.me/joinchat/AAAAAE", "t.me/c/12/4",
    "t.me/addstickers/abcde", "https://t.me/share/url?url=x", "t.me/proxy?server=a", "t.me/contact/ab",
    "t.me/$abcde", "joinchat.t.me", "tg://join?invite=abcde", "tg://user?id=123", "tg://resolve?phone=abc",
    "https://web.telegram.org/a/#123", "https://vk.com/anna_k", "t.me.evil.com/anna_k", "nott.me/anna_k",
    # Noise.
    "", " ", "http://[", "tg://[", "[", "t.me/\x00", "anna\x00k", "\ud800", "@" * 10, "x" * 1_000_000,
]  # fmt: skip


@pytest.mark.parametrize(("typed", "digits", "e164"), PHONES)
def test_phone_is_parsed(typed: str, digits: str, e164: str) -> None:
    assert parse_phone(typed) == Phone(digits, e164)
    assert parse_username(typed) is None


@pytest.mark.parametrize(("typed", "username"), USERNAMES)
def test_username_is_parsed(typed: str, username: str) -> None:
    assert parse_username(typed) == username
    assert parse_phone(typed) is None


@pytest.mark.parametrize("typed", NOT_CONTACTS, ids=lambda typed: ascii(typed[:30]))
def test_other_text_is_not_a_contact(typed: str) -> None:
    assert parse_phone(typed) is None
    assert parse_username(typed) is None


def test_region_applies_to_numbers_without_country_code() -> None:
    assert parse_phone("050 123 45 67", region="UA") == Phone("0501234567", "+380501234567")
    assert parse_phone("(212) 555-0123", region="US") == Phone("2125550123", "+12125550123")
    assert parse_phone("+7 999 123 45 67", region="US") == Phone("+79991234567", MOBILE)


@pytest.mark.parametrize("phone", ["@anna_k", "t.me/anna_k"])
def test_value_in_the_wrong_field_is_moved(phone: str) -> None:
    assert read_contact(phone, None) == Contact(None, "anna_k")
    assert read_contact(phone, "8 999 123 45 67") == Contact(Phone("89991234567", MOBILE), "anna_k")
    assert read_contact(" ", "+79991234567") == Contact(Phone("+79991234567", MOBILE), None)


def test_first_of_two_contacts_of_the_same_kind_is_kept() -> None:
    assert read_contact(MOBILE, "+79997654321").phone == Phone(MOBILE, MOBILE)
    assert read_contact("@first", "@second").username == "first"


@pytest.mark.parametrize(
    ("phone", "username", "field"),
    [
        (None, None, "phone"),
        ("", "  ", "phone"),
        ("12345", None, "phone"),
        ("12345", "anna_k", "phone"),
        (None, "дуров", "username"),
        (MOBILE, "https://t.me/joinchat/AAAAAE", "username"),
        ("12345", "дуров", "phone"),
    ],
)
def test_error_names_the_field_and_not_the_value(phone: str | None, username: str | None, field: str) -> None:
    with pytest.raises(ContactError, match=r"phone|username") as error:
        read_contact(phone, username)
    assert error.value.field == field
    assert "12345" not in str(error.value), "errors are logged, so they must not contain personal data"


# Characters that the parsers look for, so that random text resembles contacts.
TYPED = st.text() | st.text("+7899 0()-.@/:?=&#[]%_tgme.х\u00a0\u0661\u00b2\ud800\x00", max_size=40)
LINKS = st.builds(
    "{}{}".format, st.sampled_from(["http://", "t.me/", "tg:", "tg://resolve?phone=", "+"]), TYPED
)


@given(
    typed=TYPED | LINKS,
    region=st.sampled_from(["RU", "US", "IT"]),
    prefer=st.sampled_from(["phone", "username"]),
)
@example(typed="http://[", region="RU", prefer="phone")
@settings(max_examples=300, deadline=None)
def test_parsers_never_raise(typed: str, region: str, prefer: str) -> None:
    phone, username = read_either(typed, region=region, prefer=prefer)
    assert phone is None or username is None
    if phone:
        assert re.fullmatch(r"\+?[0-9]+", phone.digits)
        assert re.fullmatch(r"\+[0-9]{7,15}", phone.e164)
    if username:
        assert parse_username(f"https://t.me/{username}") == parse_username(f"@{username}") == username


@given(typed=st.from_regex(r"\+?[0-9]{7,15}", fullmatch=True))
@example(typed="+310000000")
@settings(max_examples=300, deadline=None)
def test_parsed_number_parses_to_itself(typed: str) -> None:
    phone = parse_phone(typed)
    if phone:
        assert phone.digits == typed
        assert parse_phone(phone.e164) == Phone(phone.e164, phone.e164)


@pytest.mark.parametrize("piece", ["1", "(", " ", "1 ", "доб", "@", "t.me/", "a.", "[", "%31", "\u202a", "ﷺ"])
def test_long_input_is_parsed_quickly(piece: str) -> None:
    started = time.process_time()
    for length in (900, 1_000_000):
        parse_phone(piece * (length // len(piece)))
        parse_username(piece * (length // len(piece)))
    assert time.process_time() - started < 0.5


SEPARATORS = st.text(" ()-", max_size=2)
MOBILES = st.builds(
    lambda start, digits, separators: start + "".join(map("".join, zip(separators, digits, strict=False))),
    st.sampled_from(["+7", "7", "8", "+8", "+ 7", "(+7", " 8", "007", ""]),
    st.from_regex(r"9[0-9]{8,10}", fullmatch=True),
    st.lists(SEPARATORS, min_size=11, max_size=11),
)


@pytest.mark.parametrize("region", ["RU", "KZ", "US"])
def test_fast_path_for_mobiles_agrees_with_the_numbering_plans(region: str) -> None:
    for number in range(9_000_000_000, 10_000_000_000, 4_999_993):
        for start in ("+7", "7", "8"):
            assert parse_phone(f"{start}{number}", region=region) == parse_any_phone(
                f"{start}{number}", region=region
            )


@given(typed=MOBILES, region=st.sampled_from(["RU", "KZ", "US"]))
@settings(max_examples=300, deadline=None)
def test_fast_path_agrees_for_any_separators(typed: str, region: str) -> None:
    assert parse_phone(typed, region=region) == parse_any_phone(typed, region=region)
