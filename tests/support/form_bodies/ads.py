"""Lead forms of the other advertising networks."""

from typing import Any

from tests.support.form_bodies.case import by_phone, by_username, json_case

# https://developers.google.com/google-ads/webhook/docs/implementation
GOOGLE = "Google Ads lead forms"


def _google(*columns: dict[str, str]) -> dict[str, Any]:
    return {
        "lead_id": "TeSter-123-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        "user_column_data": list(columns),
        "api_version": "1.0",
        "form_id": 40000000000,
        "campaign_id": 281489216452814,
        "google_key": "a-key",
        "is_test": False,
        "gcl_id": "Cj0KCQiA",
        "adgroup_id": 79990008801,
        "creative_id": 30000000000,
    }


def _column(column_id: str, value: str, name: str | None = None) -> dict[str, str]:
    shown = {"column_name": name} if name else {}
    return {**shown, "string_value": value, "column_id": column_id}


_GOOGLE_CASES = (
    json_case(
        "the full name and the phone",
        GOOGLE,
        _google(
            _column("FULL_NAME", "Anna Kim", "Full Name"),
            _column("PHONE_NUMBER", "+79990009406", "User Phone"),
            _column("EMAIL", "anna@example.com", "User Email"),
            _column("COMPANY_NAME", "Belov & Sons", "Company Name"),
        ),
        by_phone("Anna Kim", "+79990009406"),
    ),
    json_case(
        "column_name is not always sent",
        GOOGLE,
        _google(
            _column("COMPANY_NAME", "ООО Ромашка"),
            _column("FIRST_NAME", "Юлия"),
            _column("LAST_NAME", "Ветрова"),
            _column("PHONE_NUMBER", "8 999 000-94-07"),
            _column("POSTAL_CODE", "420111"),
        ),
        by_phone("Юлия Ветрова", "+79990009407"),
    ),
    json_case(
        "the phone of the person beats the phone at work, whatever the order",
        GOOGLE,
        _google(
            _column("WORK_PHONE", "+78432316014", "Work Phone"),
            _column("PHONE_NUMBER", "+79990009408", "User Phone"),
            _column("FULL_NAME", "Денис Жук", "Full Name"),
            _column("preferred_dealership", "Олег, салон на Тверской", "What is your preferred dealership?"),
        ),
        by_phone("Денис Жук", "+79990009408"),
    ),
    json_case(
        "no contact but the email",
        GOOGLE,
        _google(
            _column("FULL_NAME", "Anna Kim", "Full Name"), _column("EMAIL", "anna@example.com", "User Email")
        ),
    ),
)

# https://ads.tiktok.com/marketing_api/docs?id=1739939020920834, as public receivers read it
TIKTOK = "TikTok lead generation"


def _tiktok(**answers: str) -> dict[str, Any]:
    return {
        "id": "7128391029381203",
        "page_name": "Форма Кати",
        "campaign_name": "Лето",
        "ad_name": "Видео Кати",
        "changes": [{"field": field, "value": value} for field, value in answers.items()],
    }


_TIKTOK_CASES = (
    json_case(
        "the answers are changes of one entry",
        TIKTOK,
        {
            "object": "LEAD",
            "time": 1752894700,
            "entry": [_tiktok(name="Катерина Лис", phone_number="+79990009409")],
        },
        by_phone("Катерина Лис", "+79990009409"),
    ),
    json_case(
        "two entries are two people",
        TIKTOK,
        {
            "object": "LEAD",
            "entry": [
                _tiktok(name="Катя", phone_number="+79990009410"),
                _tiktok(first_name="Lena", last_name="Roth", phone_number="+4915123456789"),
            ],
        },
        by_phone("Катя", "+79990009410"),
        by_phone("Lena Roth", "+4915123456789"),
    ),
)

# https://learn.microsoft.com/linkedin/marketing/lead-sync/leadsync
_LINKEDIN_CASES = (
    json_case(
        "the notice of a new lead has no answers",
        "LinkedIn Lead Sync",
        {
            "type": "LEAD_ACTION",
            "leadGenFormResponse": "urn:li:leadGenFormResponse:79990008802-4",
            "leadGenForm": "urn:li:leadGenForm:987654321",
            "leadType": "SPONSORED",
            "leadAction": "CREATED",
            "occurredAt": 1787212200000,
        },
    ),
)

# https://dev.vk.com/ru/api/community-events/json-schema: lead_forms_new
VK = "VK lead forms"


def _vk(*answers: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "type": "lead_forms_new",
        "group_id": 182233445,
        "event_id": "e7e13fe2",
        "v": "5.199",
        "object": {
            "lead_id": 7,
            "group_id": 182233445,
            "user_id": 456123789,
            "form_id": 3,
            "form_name": "Запись к Марии",
            "ad_id": 88005553535,
            "answers": [
                {"key": key, "question": question, "answer": answer} for key, question, answer in answers
            ],
        },
        "secret": "a-secret",
    }


_VK_CASES = (
    json_case(
        "standard questions",
        VK,
        _vk(("first_name", "Имя", "Анна"), ("phone_number", "Номер телефона", "+7 999 000-94-11")),
        by_phone("Анна", "+79990009411"),
    ),
    json_case(
        "the patronymic is no part of the name",
        VK,
        _vk(
            ("last_name", "Фамилия", "Ким"),
            ("first_name", "Имя", "Анна"),
            ("patronymic_name", "Отчество", "Сергеевна"),
            ("birthday", "Дата рождения", "01.02.1990"),
            ("phone_number", "Номер телефона", "89990009412"),
        ),
        by_phone("Анна Ким", "+79990009412"),
    ),
    json_case(
        "a question of the owner about Telegram",
        VK,
        _vk(("first_name", "Имя", "Глеб"), ("custom_0", "Ваш ник в Телеграм", "gleb_k")),
        by_username("Глеб", "gleb_k"),
    ),
    json_case(
        "a page of VK is no contact",
        VK,
        _vk(("first_name", "Имя", "Инна"), ("custom_1", "Ссылка на страницу ВК", "https://vk.com/inna_k")),
    ),
)

CASES = (*_GOOGLE_CASES, *_TIKTOK_CASES, *_LINKEDIN_CASES, *_VK_CASES)
