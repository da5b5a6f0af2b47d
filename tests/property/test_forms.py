"""Whatever surrounds a form, and in any order of its fields, only the person's own contacts are read."""

import json
import random
from urllib.parse import urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from api.forms.form_reader import FormLead, read_call
from api.forms.recognition.vocabulary import Word, words_in

PHONE, USERNAME = "+79990009401", "anna_k"
# Contacts of other people, and numbers that could be dialled but are no phones.
OTHERS = ("79990008801", "89990008802", "+7 (999) 000-88-03", "7771234567", "9990008804", "7712345678")
NICKS = ("boris_b", "@boris_b", "maria_insta", "@owner_page", "t.me/owner_channel", "https://t.me/boss_acc")
WORDS = ("Email", "WhatsApp", "Telegram", "Звонок", "Russia", "да", "15:00", "27.11.2026", "12 500", "")
# Names of fields that hold another person's contact, or none.
OTHER_PEOPLE = (
    *("manager_name", "manager_phone", "Телефон менеджера", "Ответственный", "owner", "owner_username"),
    *("company", "Company phone", "Рабочий телефон (компания)", "Кто вас пригласил?", "referrer_phone"),
    *("Имя ребёнка", "Телефон ребёнка", "agent[phone]", "page", "page_username", "site_phone", "author"),
    *("lead__assigned_to__phone", "courier_phone", "Телефон получателя", "Экстренный контакт мужа"),
)
OTHER_THINGS = (
    *(
        "id",
        "lead_id",
        "user_id",
        "chat_id",
        "vk_id",
        "order",
        "Номер заказа",
        "invoice_number",
    ),
    *(
        "ИНН",
        "ОГРН",
        "amount",
        "Сумма",
        "budget",
        "Дата",
        "created_time",
        "ad_id",
        "ad_name",
        "campaign_name",
    ),
    *(
        "form_name",
        "formname",
        "form_id",
        "product",
        "Название сделки",
        "utm_source",
        "utm_content",
        "referer",
    ),
    *("status", "source", "type", "country", "city", "phone_type", "phone-cf7it-country-name", "ip"),
    *("contact_id", "contact_type", "contact owner", "contact_status", "Ваш ник в Instagram", "VK"),
    *("Discord", "Skype", "instagram_username", "Facebook", "Hotel", "iPhone model", "zip", "card_number"),
)
# Their values say how or when: a phone that is written as one is the person's even here.
METHODS = ("Preferred contact method", "Удобный способ связи", "Удобное время для связи", "Best time to call")
names = st.sampled_from(OTHER_PEOPLE + OTHER_THINGS)
values = st.sampled_from(OTHERS + NICKS + WORDS)
# A name in it is the person's, a number is not.
ids = st.tuples(st.just("telegram_id"), st.sampled_from([number for number in OTHERS if number.isdecimal()]))
methods = st.tuples(st.sampled_from(METHODS), st.sampled_from(WORDS + NICKS[:4]))
surroundings = st.lists(st.tuples(names, values) | methods | ids, max_size=8, unique_by=lambda pair: pair[0])
forms = st.sampled_from(
    [
        {"Name": "Анна", "Phone": PHONE},
        {"Имя": "Анна", "Телефон": "8 999 000 94 01"},
        {"Как вас зовут?": "Анна", "Telegram": f"@{USERNAME}"},
        {"first_name": "Анна", "phone_number": PHONE, "Ваш Telegram": f"t.me/{USERNAME}"},
        {"Ваше имя": "Анна", "WhatsApp": PHONE, "Телеграм": USERNAME},
    ]
)


def _contacts(lead: FormLead) -> tuple[str | None, str | None]:
    return lead.contact.phone.e164 if lead.contact.phone else None, lead.contact.username


@given(surroundings)
def test_nobody_is_found_without_a_contact_of_the_person(fields: list[tuple[str, str]]) -> None:
    assert read_call(urlencode(fields).encode()) == []
    assert read_call(json.dumps(dict(fields)).encode()) == []


@given(forms, surroundings, st.randoms(use_true_random=False))
def test_only_the_persons_own_contacts_are_read(
    form: dict[str, str], fields: list[tuple[str, str]], order: random.Random
) -> None:
    pairs = [*form.items(), *fields]
    order.shuffle(pairs)
    for body in (urlencode(pairs).encode(), json.dumps(dict(pairs)).encode()):
        (lead,) = read_call(body)
        assert lead.name == "Анна"
        phone, username = _contacts(lead)
        assert phone in {PHONE, None}
        assert username in {USERNAME, None}
        assert (phone is not None) == any(
            name in form for name in ("Phone", "Телефон", "phone_number", "WhatsApp")
        )
        assert (username is not None) == any("elegram" in name or "елеграм" in name for name in form)


@given(forms, surroundings, st.randoms(use_true_random=False))
def test_the_order_of_the_fields_does_not_matter(
    form: dict[str, str], fields: list[tuple[str, str]], order: random.Random
) -> None:
    pairs = [*form.items(), *fields]
    (first,) = read_call(urlencode(pairs).encode())
    order.shuffle(pairs)
    (second,) = read_call(urlencode(pairs).encode())
    assert first == second


@given(forms, st.lists(st.tuples(st.text(min_size=1, max_size=12), values), max_size=6))
def test_fields_with_any_names_take_no_contact_away(
    form: dict[str, str], fields: list[tuple[str, str]]
) -> None:
    leads = read_call(urlencode([*form.items(), *fields]).encode())
    assert len(leads) == 1


@pytest.mark.parametrize("wrap", [
    lambda form: form,
    lambda form: {"body": form, "headers": {"host": "79990008801"}},
    lambda form: {"event": "form.sent", "payload": {"data": json.dumps(form)}},
    lambda form: {"user": form, "manager": {"name": "Иван", "phone": "+79990008801", "username": "@boris_b"}},
    lambda form: [form],
    lambda form: {"fields": [{"name": name, "value": value} for name, value in form.items()]},
    lambda form: {"answers": [{"question": name, "answer": value} for name, value in form.items()]},
    lambda form: {name: [value] for name, value in form.items()},
], ids=["flat", "body", "event", "user", "list", "fields", "answers", "arrays"])  # fmt: skip
def test_an_envelope_changes_nothing(wrap: object) -> None:
    form = {"Name": "Анна", "Phone": PHONE, "Telegram": f"@{USERNAME}"}
    (lead,) = read_call(json.dumps(wrap(form)).encode())  # type: ignore[operator]
    assert (lead.name, *_contacts(lead)) == ("Анна", PHONE, USERNAME)


# Words for other people, senders' lines and things: with any word for a contact they name no contact of the
# person. The unknown nouns are in no list of words.
DISQUALIFYING = sorted(
    {word for kind in (Word.PARTY, Word.OWNER, Word.THING) for word in words_in(kind)} - {"by"}
    | {"foreman", "plumber", "fiancee", "прораб", "прораба", "сантехника", "жениха", "ментора"}
)
HEADS = {
    **dict.fromkeys(words_in(Word.PHONE), "+79990008801"),
    **dict.fromkeys(words_in(Word.TELEGRAM), "@boris_b"),
}
titles = st.sampled_from(["{0} {1}", "{0}_{1}", "{1} {0}", "{1}_{0}", "{1} ({0})", "{0}: {1}"])


def _strong_contacts(title: str, value: str) -> list[FormLead]:
    leads = read_call(json.dumps({"Name": "Анна", title: value}).encode())
    return [lead for lead in leads if any(each["strength"] == "strong" for each in lead.evidence.values())]


@pytest.mark.parametrize("head", ["Phone", "Телефон", "Telegram", "Телеграм"])
def test_no_disqualifying_word_leaves_strong_evidence(head: str) -> None:
    value = HEADS[head.casefold()]
    found = [
        title
        for word in DISQUALIFYING
        for title in (f"{word} {head}", f"{head} {word}", f"{word}_{head}")
        if _strong_contacts(title, value)
    ]
    assert found == []


@given(st.sampled_from(DISQUALIFYING), st.sampled_from(sorted(HEADS)), titles)
def test_no_name_of_a_strangers_contact_is_strong_evidence(word: str, head: str, title: str) -> None:
    # «Заказ: телефон» is a heading, and the phone is the person's.
    assume(":" not in title or word not in words_in(Word.THING))
    assert _strong_contacts(title.format(word, head), HEADS[head]) == []


@given(
    st.dictionaries(
        st.sampled_from(sorted({*HEADS, "Phone", "PHONE", "phone_1", "phone_2", "Контакт", "ник", "Ник"})),
        values | st.just(PHONE),
        min_size=2,
        max_size=8,
    ),
    st.randoms(use_true_random=False),
)
def test_the_order_of_equal_fields_does_not_matter(form: dict[str, str], order: random.Random) -> None:
    pairs = list(form.items())
    first = read_call(json.dumps(dict(pairs)).encode())
    order.shuffle(pairs)
    assert read_call(json.dumps(dict(pairs)).encode()) == first
