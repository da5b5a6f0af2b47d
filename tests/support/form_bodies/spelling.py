"""Broken or unusual bodies, encodings, and spellings of contacts."""

import json
from urllib.parse import quote, quote_plus

from tests.support.form_bodies.case import FORM, JSON, Case, by_phone, by_username, form_case, json_case

OWN = "owner's form"


def _raw(title: str, text: str, *phones: str, content_type: str | None = JSON) -> Case:
    leads = tuple(by_phone("Анна", phone) for phone in phones)
    return Case(title, OWN, text.encode(), content_type, leads)


_LENIENT_JSON = (
    _raw(
        "a raw line feed in a text",
        '{"name": "Анна", "message": "Привет!\nЖду звонка", "phone": "+79990009700"}',
        "+79990009700",
    ),
    _raw(
        "trailing commas", '{"name": "Анна", "tags": ["a", "b",], "phone": "+79990009701",}', "+79990009701"
    ),
    _raw(
        "comments",
        '{\n  // the person\n  "name": "Анна",\n  /* "phone": "+79990008930", */\n'
        '  "page": "https://example.com/a//b",\n  "phone": "+79990009702"\n}',
        "+79990009702",
    ),
    _raw("a byte order mark", '\ufeff{"name": "Анна", "phone": "+79990009703"}', "+79990009703"),
    _raw("no content type", '{"name": "Анна", "phone": "+79990009704"}', "+79990009704", content_type=None),
    _raw(
        "JSON with the content type of a form",
        '{"name": "Анна", "phone": "+79990009705"}',
        "+79990009705",
        content_type=FORM,
    ),
    Case(
        "one bad byte costs one character",
        OWN,
        '{"name": "Анна", "message": "Привет'.encode() + b"\xff" + b'", "phone": "+79990009706"}',
        JSON,
        (by_phone("Анна", "+79990009706"),),
    ),
    Case(
        "UTF-16 with a byte order mark",
        OWN,
        '{"name": "Анна", "phone": "+79990009707"}'.encode("utf-16"),
        JSON,
        (by_phone("Анна", "+79990009707"),),
    ),
    _raw("half of a JSON", '{"name": "Анна", "phone": '),
    _raw("a text", "Здравствуйте, я Анна"),
    _raw("nothing", ""),
)

_INNER = json.dumps({"name": "Анна", "phone": "+79990009708"}, ensure_ascii=False)
_NESTED = (
    Case(
        "JSON as the key of a form",
        OWN,
        quote(_INNER).encode() + b"=",
        FORM,
        (by_phone("Анна", "+79990009708"),),
    ),
    form_case("JSON as the value of a form", OWN, {"payload": _INNER}, by_phone("Анна", "+79990009708")),
    json_case("JSON in JSON", OWN, {"event": "lead", "data": _INNER}, by_phone("Анна", "+79990009708")),
    json_case("JSON that is a text", OWN, _INNER, by_phone("Анна", "+79990009708")),
    form_case(
        "brackets of three levels",
        OWN,
        {"data[user][name]": "Анна", "data[user][phone]": "+79990009709", "data[id]": "79990008931"},
        by_phone("Анна", "+79990009709"),
    ),
    json_case(
        "lists of one value",
        OWN,
        {"name": ["Анна"], "phone": ["+79990009710"]},
        by_phone("Анна", "+79990009710"),
    ),
    json_case(
        "a list of one object",
        OWN,
        {"data": [{"name": "Анна", "phone": "+79990009711"}]},
        by_phone("Анна", "+79990009711"),
    ),
    json_case(
        "deep inside",
        OWN,
        {"event": {"payload": {"lead": {"person": {"name": "Анна", "contacts": {"phone": "+79990009712"}}}}}},
        by_phone("Анна", "+79990009712"),
    ),
)


def _in_charset(charset: str, name: str, phone: str) -> Case:
    pairs = (("Имя", name), ("Телефон", phone))
    body = "&".join(
        f"{quote_plus(key, encoding=charset)}={quote_plus(value, encoding=charset)}" for key, value in pairs
    )
    content_type = f"{FORM}; charset={charset}"
    return Case(f"a form in {charset}", OWN, body.encode("ascii"), content_type, (by_phone(name, phone),))


_ENCODINGS = (
    _in_charset("windows-1251", "Юлія Шевчук", "+380501234567"),
    _in_charset("koi8-r", "Юлия Ветрова", "+79990009713"),
    Case(
        "JSON in windows-1251",
        OWN,
        '{"Имя": "Юлія", "Телефон": "+380501234567"}'.encode("windows-1251"),
        f"{JSON}; charset=windows-1251",
        (by_phone("Юлія", "+380501234567"),),
    ),
    form_case(
        "HTML entities",
        OWN,
        {"Имя": "Ирина О&#039;Коннор", "Телефон": "+79990009714"},
        by_phone("Ирина О'Коннор", "+79990009714"),
    ),
    json_case(
        "named HTML entities",
        OWN,
        {"name": "Anna &quot;Ann&quot; Kim", "phone": "&#43;79990009715"},
        by_phone('Anna "Ann" Kim', "+79990009715"),
    ),
)


def _phone(written: str, phone: str, field: str = "Телефон") -> Case:
    return form_case(f"{field}: {written}", OWN, {"Имя": "Анна", field: written}, by_phone("Анна", phone))


_SPELLINGS = (
    _phone("8(846)231.60.14*139", "+78462316014"),
    _phone("Тел : 8 999 000 97 16", "+79990009716", "Контакты"),
    _phone("Мой номер: 89990009717", "+79990009717"),
    _phone("79990009718.0", "+79990009718"),
    _phone("8–999–000–97–19", "+79990009719"),
    _phone("+7 999 000 97 20 (звонить после 18)", "+79990009720"),
    _phone("9990009721", "+79990009721"),
    _phone("tel:+79990009722", "+79990009722", "Phone"),
    _phone("https://api.whatsapp.com/send?phone=79990009723", "+79990009723", "WhatsApp"),
    _phone("https://wa.me/79990009724?text=Hi", "+79990009724", "Контакт"),
    _phone("wa.me/79990009725", "+79990009725", "Ссылка на WhatsApp"),
    json_case(
        "a number of JSON", OWN, {"Имя": "Анна", "Телефон": 79990009726}, by_phone("Анна", "+79990009726")
    ),
    json_case(
        "a number with a fraction",
        OWN,
        {"Имя": "Анна", "Телефон": 79990009727.0},
        by_phone("Анна", "+79990009727"),
    ),
    form_case(
        "a phone and a username in one field",
        OWN,
        {"Имя": "Анна", "Telegram": "@anna_k / +7 999 000-97-28"},
        by_username("Анна", "anna_k")._replace(phone="+79990009728", phone_evidence="strong"),
    ),
)

CASES = (*_LENIENT_JSON, *_NESTED, *_ENCODINGS, *_SPELLINGS)
