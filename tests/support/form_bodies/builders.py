"""Site builders of Russia and Ukraine."""

from typing import Any

from tests.support.form_bodies.case import by_phone, by_username, form_case, json_case

# https://taplink.ru/dev/webhooks.html: `username` is the page's, `name` and `phone` are the contact's
TAPLINK = "Taplink"


def _taplink(**data: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "action": "leads.created",
        "data": {
            "profile_id": 7771234567,
            "username": "studio_anna",
            "status_id": 1,
            "contact_id": 88005553535,
            "order_id": None,
            "order_number": 79990008803,
            "budget": 12500,
            "currency_code": "RUB",
            "page_link": "https://taplink.cc/studio_anna",
            "lead_number": 1042,
            "tms_created": "2026-02-03 16:16:51",
            **data,
        },
    }


_TAPLINK_CASES = (
    json_case(
        "the username is the owner's",
        TAPLINK,
        _taplink(name="Анна Ким", phone="79990009430", email="anna@example.com"),
        by_phone("Анна Ким", "+79990009430"),
    ),
    json_case(
        "the fields of the form, one about Telegram",
        TAPLINK,
        _taplink(
            name="Лиза",
            phone="+7 (999) 000-94-31",
            records=[
                {"title": "Имя", "value": "Лиза"},
                {"title": "Ваш Telegram", "value": "@liza_v"},
                {"title": "Услуга", "value": "Маникюр у Марины"},
            ],
        ),
        by_phone("Лиза", "+79990009431", telegram="liza_v"),
    ),
    json_case(
        "nobody is written to if only the owner has a username",
        TAPLINK,
        _taplink(name="Анна", email="anna@example.com", records=[{"title": "Имя", "value": "Анна"}]),
    ),
    form_case(
        "the old format of a form",
        TAPLINK,
        {
            "action": "leads.created",
            "data[username]": "studio_anna",
            "data[name]": "Роман",
            "data[phone]": "+79990009432",
            "data[lead_id]": "79990008804",
        },
        by_phone("Роман", "+79990009432"),
    ),
)

# https://flexbe.ru: the keys as two independent receivers in public code (Odoo, Java) read them
FLEXBE = "Flexbe"
_FLEXBE_CASES = (
    form_case(
        "a request",
        FLEXBE,
        {
            "event": "lead",
            "site[name]": "Салон Ирины",
            "site[domain]": "irina.example.com",
            "data[id]": "79990008805",
            "data[num]": "1042",
            "data[time]": "1770138000",
            "data[form_name]": "Запись к Ирине",
            "data[client][name]": "Анна Ким",
            "data[client][phone]": "+7 (999) 000-94-33",
            "data[client][email]": "anna@example.com",
            "data[utm][utm_source]": "instagram",
        },
        by_phone("Анна Ким", "+79990009433"),
    ),
    form_case(
        "no phone: the number of the request is none",
        FLEXBE,
        {
            "data[num]": "89990008806",
            "data[form_name]": "Подписка",
            "data[client][name]": "Анна",
            "data[client][email]": "anna@example.com",
        },
    ),
)

# https://slon.biz/integrations/webhook/outbound
SLON = "slon.biz"
_SLON_CASES = (
    form_case(
        "several numbers in one field",
        SLON,
        {
            "Id": "79990008807",
            "FullName": "Ким Анна Сергеевна",
            "PhoneNumbers": "+79990009434,+79990009435",
            "Email": "anna@example.com",
            "Brief": "Ремонт кухни",
            "Region": "Москва",
            "RegionDeterminedISOCode": "RU-MOS",
            "ProjectId": "88005553535",
        },
        by_phone("Ким Анна Сергеевна", "+79990009434"),
    ),
)

# https://linkrr.app/page/form-webhooks
LINKRR = "Linkrr"
_LINKRR_INFO = {
    "form_owner_id": "1",
    "form_owner_email": "owner@example.com",
    "form_page_url": "https://linkrr.ru/olga_nails",
    "form_block_id": "8199",
    "lead_id": "55",
}
_LINKRR_CASES = (
    json_case(
        "the same answers under short names and under labels",
        LINKRR,
        {
            "action": "form.submit",
            "info": _LINKRR_INFO,
            "data": {
                "name": "Павел",
                "email": "pavel@example.com",
                "phone": "+79990009436",
                "fields": {"Ваше имя": "Павел", "Ваш номер телефона": "+79990009436"},
            },
            "sign": "34699a5637e5f4a23f6ab66687ba41d9",
        },
        by_phone("Павел", "+79990009436"),
    ),
    json_case(
        "a link to Telegram in a labelled field",
        LINKRR,
        {
            "action": "form.submit",
            "info": _LINKRR_INFO,
            "data": {
                "name": "Нина",
                "email": None,
                "phone": None,
                "fields": {"Ваше имя": "Нина", "Ваш Телеграм": "https://t.me/nina_r"},
            },
        },
        by_username("Нина", "nina_r"),
    ),
)

# https://help.sitecliq.com/portal/en/kb/articles/connecting-webhooks-to-a-contact-form
CLIQ = "Sitecliq"
_CLIQ_CASES = (
    json_case(
        "fields by identifier, the type says phone",
        CLIQ,
        {
            "fields": {
                "short_text": {"title": "Ваше ім'я", "value": "Юлія Шевчук", "type": "text"},
                "867b7a8a-e9f4-460d": {"title": "", "value": "Хочу на курс", "type": "textArea"},
                "contactForm_phoneNumber": {"title": "", "value": "+380501234567", "type": "phone"},
                "cbae3dd6-c4f2-4873": {"title": "Date", "value": "21/12/2022, 00:00", "type": "date"},
            }
        },
        by_phone("Юлія Шевчук", "+380501234567"),
    ),
)

CASES = (*_TAPLINK_CASES, *_FLEXBE_CASES, *_SLON_CASES, *_LINKRR_CASES, *_CLIQ_CASES)
