"""Bodies that real forms send, with the lead expected from each."""

# ruff: noqa: E501 - a table

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import urlencode

PHONE = "+79991234567"
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"


class Case(NamedTuple):
    """A body with its content type, and the expected name, E.164 phone, username and parts of `extra`."""

    title: str
    body: bytes
    name: str
    phone: str | None
    username: str | None
    extra: Mapping[str, Any] = MappingProxyType({})
    content_type: str | None = FORM


def _form(title: str, fields: dict[str, str], *expected: object, **more: object) -> Case:
    return Case(title, urlencode(fields).encode(), *expected, **more)


def _json(title: str, value: object, *expected: object, **more: object) -> Case:
    return Case(
        title, json.dumps(value, ensure_ascii=False).encode(), *expected, **({"content_type": JSON} | more)
    )


def _multipart(*parts: tuple[str, str]) -> bytes:
    encoded = [
        f'--B\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n' for key, value in parts
    ]
    return ("".join(encoded) + "--B--\r\n").encode()


ANNA = {"Name": "Анна", "Phone": "+7 (999) 123-45-67"}
COOKIES = "_ym=1; name=Cookie; TILDAUTM=utm_source%3Dgoogle%7C%7C%7Cutm_term%3Da%2Bb%7C%7C%7C; x=1"
ONE_NAME_VALUE = [{"name": "Name", "value": "Анна"}, {"name": "Phone", "value": PHONE}]

CASES = [
    _form("plain", ANNA | {"tranid": "1:2", "formid": "f"}, "Анна", PHONE, None, {"tranid": "1:2", "formid": "f"}),
    _form("Cyrillic keys", {"Имя": "Анна", "Телефон": "8 999 123 45 67"}, "Анна", PHONE, None),
    _form("name with «ваше»", {"Ваше имя": "Анна", "Ваш телефон": PHONE}, "Анна", PHONE, None),
    _form("question as a name", {"Как вас зовут?": "Анна", "Номер телефона": PHONE}, "Анна", PHONE, None),
    _form("mixed case", {"NAME": "Анна", "pHoNe": PHONE}, "Анна", PHONE, None),
    _form("ФИО", {"ФИО": "Каренина А. А.", "тел.": PHONE}, "Каренина А. А.", PHONE, None),
    _form("fio and tel", {"fio": "Anna", "tel": PHONE}, "Anna", PHONE, None),
    _form("first and last", {"First name": "Anna", "Last name": "K", "Tel_2": PHONE}, "Anna K", PHONE, None),
    _form("last name first", {"Фамилия": "К", "Имя": "Анна", "Телефон": PHONE}, "Анна К", PHONE, None),
    _form("full name in one field", {"Имя и фамилия": "Анна К", "Phone": PHONE}, "Анна К", PHONE, None),
    _form("username before name", {"Username": "@anna_k", "Name": "Анна"}, "Анна", None, "anna_k"),
    _form("camel case", {"userName": "anna_k", "clientName": "Анна"}, "Анна", None, "anna_k"),
    _form("nickname", {"Ник": "anna_k", "Имя": "Анна"}, "Анна", None, "anna_k"),
    _form("nickname in Telegram", {"Ваш ник в Telegram": "t.me/anna_k", "Имя": "Анна"}, "Анна", None, "anna_k"),
    _form("login", {"Логин": "anna_k"}, "", None, "anna_k"),
    _form("formname is not a name", {"formname": "Cart", "tildaspec-formname": "X", "Phone": PHONE}, "", PHONE, None,
          {"formname": "Cart", "tildaspec-formname": "X"}),
    _form("utm is not a name", {"utm_name": "Sale", "Phone": PHONE}, "", PHONE, None, {"utm_name": "Sale"}),
    _form("cookies", ANNA | {"COOKIES": COOKIES}, "Анна", PHONE, None,
          {"utm": {"utm_source": "google", "utm_term": "a b"}, "COOKIES": None}),
    _form("numbered", {"Name_2": "Анна", "Phone_2": PHONE}, "Анна", PHONE, None),
    _form("first phone empty", {"Phone": "", "Phone_2": "null", "Phone_3": PHONE, "Name": "null", "Name_2": "Анна"},
          "Анна", PHONE, None),
    _form("first phone invalid", {"Phone": "нет", "Phone_2": PHONE}, "", PHONE, None, {"Phone": "нет"}),
    _form("second phone kept in extra", {"Phone": PHONE, "Phone_2": "+79990000000"}, "", PHONE, None,
          {"Phone_2": "+79990000000"}),
    _form("hotel is not a phone", {"Hotel": "+79990000000", "Phone": PHONE}, "", PHONE, None, {"Hotel": "+79990000000"}),
    _form("weekday is not a username", {"Понедельник": "ten_oclock", "Phone": PHONE}, "", PHONE, None,
          {"Понедельник": "ten_oclock"}),
    _form("clinic is not a username", {"Клиника": "dental_art", "Сотрудник": "boris_b", "Phone": PHONE}, "", PHONE, None,
          {"Клиника": "dental_art", "Сотрудник": "boris_b"}),
    _form("company is not a name", {"Company name": "ACME", "Phone": PHONE}, "", PHONE, None, {"Company name": "ACME"}),
    _form("messenger telegram", {"messenger-type": "telegram", "messenger-id": "@anna_k", "Name": "Анна"}, "Анна",
          None, "anna_k", {"messenger-type": "telegram"}),
    _form("messenger whatsapp", {"messenger-type": "whatsapp", "messenger-id": "79991234567"}, "", PHONE, None),
    _form("messenger phone", {"messenger-type": "phone", "messenger-id": PHONE}, "", PHONE, None),
    _form("vk username is not used", {"messenger-type": "vk", "messenger-id": "anna_k", "Phone": PHONE}, "", PHONE, None,
          {"messenger-id": "anna_k"}),
    _form("username and phone swapped in messenger", {"Phone": "anna_k", "messenger-type": "telegram", "messenger-id": PHONE}, "", PHONE, "anna_k"),
    _form("username and phone swapped", {"Phone": "@anna_k", "Telegram": PHONE}, "", PHONE, "anna_k"),
    _form("invalid username, valid phone", ANNA | {"Telegram": "спросите меня"}, "Анна", PHONE, None,
          {"Telegram": "спросите меня"}),
    _form("invalid phone, valid username", {"Телефон": "не дам", "Telegram": "anna_k"}, "", None, "anna_k",
          {"Телефон": "не дам"}),
    _form("no name", {"Phone": PHONE}, "", PHONE, None),
    _form("phone extension kept", {"Phone": "+7 999 123-45-67 доб. 12"}, "", PHONE, None,
          {"Phone": "+7 999 123-45-67 доб. 12"}),
    _form("token", ANNA | {"token": "s3cret-value"}, "Анна", PHONE, None, {"token": None}),
    _form("basket", ANNA | {"payment[products][0][name]": "Кроссовки", "payment[amount]": "5"}, "Анна", PHONE, None,
          {"payment[products][0][name]": "Кроссовки"}),
    _form("brackets", {"data[Name]": "Анна", "data[Phone]": PHONE}, "Анна", PHONE, None),
    _form("bracketed list", {"fields[0][name]": "Phone", "fields[0][value]": PHONE, "fields[1][name]": "Имя",
          "fields[1][value]": "Анна"}, "Анна", PHONE, None),
    _form("JSON in a field", {"data": json.dumps({"Name": "Анна", "Phone": PHONE, "x": 1})}, "Анна", PHONE, None,
          {"x": 1}),
    _form("`Data` with a date is a field", ANNA | {"Data": "12.05"}, "Анна", PHONE, None, {"Data": "12.05"}),
    _form("white space", {" Name ": "  Анна\n К ", " Phone": f" {PHONE} "}, "Анна К", PHONE, None),
    _form("quiz answers", {"Какой у вас бизнес?": "Клиника", "Бюджет": "до 500 тыс.", "Ваше имя": "Анна",
          "Ваш_телефон_": PHONE, "formname": "Квиз", "tranid": "1:7", "formid": "form7"}, "Анна", PHONE, None,
          {"Какой у вас бизнес?": "Клиника", "Бюджет": "до 500 тыс.", "formname": "Квиз"}),
    _form("Tilda's technical fields", ANNA | {"tildaspec-cookie": "x", "tildaspec-referer": "https://a.ru",
          "tildaspec-phone-part[]": "(999) 123-45-67", "tildaspec-phone-part[]-iso": "ru", "Checkbox": "yes"}, "Анна",
          PHONE, None, {"Checkbox": "yes", "tildaspec-referer": "https://a.ru"}),
    _form("numbered messenger", {"messenger-type_2": "telegram", "messenger-id_2": "anna_k", "Name": "Анна"}, "Анна",
          None, "anna_k"),
    _form("two messengers", {"messenger-type": "vk", "messenger-id": "id1234", "messenger-type_2": "telegram",
          "messenger-id_2": "t.me/anna_k"}, "", None, "anna_k", {"messenger-id": "id1234"}),
    _form("phone in Telegram field", {"messenger-type": "telegram", "messenger-id": "8 999 123-45-67"}, "", PHONE, None),
    _form("max with phone", {"messenger-type": "max", "messenger-id": "8 999 123-45-67"}, "", PHONE, None),
    _form("max username is not used", {"messenger-type": "max", "messenger-id": "anna_k", "Phone": PHONE}, "", PHONE, None,
          {"messenger-id": "anna_k"}),
    _form("username in phone field", {"Name": "Анна", "Phone": "@anna_k"}, "Анна", None, "anna_k"),
    _form("link in phone field", {"Phone": "https://t.me/anna_k"}, "", None, "anna_k"),
    _form("three phones", {"Phone": "8 999 123 45 67", "Телефон родителя": "89990000001", "Phone_3": "89990000002"},
          "", PHONE, None, {"Телефон родителя": "89990000001", "Phone_3": "89990000002"}),
    _form("uploaded files", ANNA | {"file": "https://tupwidget.com/abc/brief.pdf", "File_2_0": "https://upload.com/a.png"},
          "Анна", PHONE, None, {"file": "https://tupwidget.com/abc/brief.pdf", "File_2_0": "https://upload.com/a.png"}),
    _form("basket in flat fields", ANNA | {"payment[sys]": "cash", "payment[orderid]": "17", "payment[amount]": "100",
          "payment[products][0][name]": "Имя розы", "payment[products][0][quantity]": "1"}, "Анна", PHONE, None,
          {"payment[orderid]": "17", "payment[products][0][name]": "Имя розы"}),
    _form("basket as JSON text", ANNA | {"payment": '{"amount":"100","products":[{"name":"Имя розы"}]}'}, "Анна", PHONE,
          None, {"payment": '{"amount":"100","products":[{"name":"Имя розы"}]}'}),
    _form("delivery to another person", ANNA | {"payment[delivery_name]": "СДЭК", "payment[delivery_fio]": "Иван"}, "Анна",
          PHONE, None, {"payment[delivery_fio]": "Иван"}),
    _form("utm in fields", ANNA | {"utm_source": "vk", "utm_campaign": "a b"}, "Анна", PHONE, None,
          {"utm_source": "vk", "utm_campaign": "a b"}),
    _form("emoji in the name", {"Name": "Анна 👩‍💻", "Phone": PHONE}, "Анна 👩‍💻", PHONE, None),
    _form("right-to-left name", {"Name": "\u202bمحمد علي\u202c", "Phone": PHONE}, "محمد علي", PHONE, None),
    _form("Arabic digits", {"Name": "علي", "Phone": "٠٧٩٩٩١٢٣٤٥٦٧".replace("٠٧", "٨", 1)}, "علي", PHONE, None),
    _form("foreign phone", {"Name": "Aliya", "Phone": "+7 701 123 45 67"}, "Aliya", "+77011234567", None),
    _form("contact in a sentence", {"Как с вами связаться?": "телеграм @anna_k"}, "", None, "anna_k"),
    _json("basket in JSON", ANNA | {"payment": {"amount": 100, "products": [{"name": "Имя розы", "quantity": 1}]}},
          "Анна", PHONE, None, {"payment": {"amount": 100, "products": [{"name": "Имя розы", "quantity": 1}]}}),
    _json("all fields null but one", {"Name": None, "Phone": None, "Email": None, "Phone_2": PHONE}, "", PHONE, None),
    _json("fields as JSON text", {"fields": json.dumps(ONE_NAME_VALUE), "formid": "f"}, "Анна", PHONE, None,
          {"formid": "f"}),
    _json("list of answers", ANNA | {"Услуги": ["сайт", "реклама"]}, "Анна", PHONE, None,
          {"Услуги": ["сайт", "реклама"]}),
    _json("flat JSON", {"name": "Анна", "phone": PHONE, "budget": 5}, "Анна", PHONE, None, {"budget": 5}),
    _json("phone as a number", {"Имя": "Анна", "Телефон": 89991234567}, "Анна", PHONE, None),
    _json("inside data", {"data": {"name": "Анна", "phone": PHONE}, "id": 7}, "Анна", PHONE, None, {"id": 7}),
    _json("inside fields", {"fields": ONE_NAME_VALUE}, "Анна", PHONE, None),
    _json("inside post", {"post": {"Name": "Анна", "Phone": PHONE}}, "Анна", PHONE, None),
    _json("key and value", {"data": [{"key": "Phone", "value": PHONE}]}, "", PHONE, None),
    _json("title and value", {"data": [{"title": "Телефон", "value": PHONE}]}, "", PHONE, None),
    _json("label and id", {"fields": [{"id": "q1", "label": "Телефон", "value": PHONE}]}, "", PHONE, None),
    _json("dict of fields", {"fields": {"f1": {"id": "f1", "title": "Телефон", "value": PHONE}}}, "", PHONE, None),
    _json("JSON string", {"post": json.dumps(ANNA)}, "Анна", PHONE, None),
    _json("list at the top level", ONE_NAME_VALUE, "Анна", PHONE, None),
    _json("nested wrappers", {"data": {"fields": ONE_NAME_VALUE}}, "Анна", PHONE, None),
    _json("null fields", {"name": None, "phone": PHONE, "comment": None}, "", PHONE, None, {"comment": None}),
    _json("no content type", ANNA, "Анна", PHONE, None, content_type=None),
    _json("wrong content type", ANNA, "Анна", PHONE, None, content_type=FORM),
    Case("form with a JSON content type", urlencode(ANNA).encode(), "Анна", PHONE, None, {}, JSON),
    Case("multipart", _multipart(("Имя", "Анна"), ("Phone", PHONE), ("note", "a\nb")), "Анна", PHONE, None,
         {"note": "a\nb"}, "multipart/form-data; boundary=B"),
    Case("multipart without content type", _multipart(("Name", "Анна"), ("Phone", PHONE)), "Анна", PHONE, None, {}, None),
    Case("multipart with a file", _multipart(("Phone", PHONE)) .replace(b"--B--", b'--B\r\nContent-Disposition: form-data; name="cv";'
         b' filename="cv.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF\x00\xff\r\n--B--'), "", PHONE, None,
         {"cv": "cv.pdf"}, "multipart/form-data; boundary=B"),
    Case("Windows-1251, URL-encoded", urlencode({"Name": "Анна".encode("cp1251"), "Phone": PHONE}).encode(), "Анна",
         PHONE, None),
    Case("Windows-1251, raw", f"Имя=Анна&Phone={PHONE.replace('+', '%2B')}".encode("cp1251"), "Анна", PHONE, None),
    Case("BOM", b"\xef\xbb\xbf" + json.dumps(ANNA).encode(), "Анна", PHONE, None, {}, JSON),
]  # fmt: skip
