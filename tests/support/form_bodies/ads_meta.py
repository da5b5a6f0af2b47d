"""Lead forms of Meta (Facebook and Instagram)."""

from typing import Any

from tests.support.form_bodies.case import by_phone, form_case, json_case

# https://developers.facebook.com/docs/marketing-api/guides/lead-ads/retrieving
META = "Meta Lead Ads"


def _meta(lead_id: str, **answers: str) -> dict[str, Any]:
    return {
        "created_time": "2026-02-03T16:16:51+0000",
        "id": lead_id,
        "ad_id": "23849853425890183",
        "ad_name": "Анна из Казани рассказывает",
        "adset_name": "Москва 25-45",
        "campaign_name": "Spring Sale",
        "form_id": "447333180259108",
        "is_organic": False,
        "platform": "ig",
        "field_data": [{"name": name, "values": [value]} for name, value in answers.items()],
    }


CASES = (
    json_case(
        "field_data with the full name",
        META,
        _meta(
            "66861076766107789", email="anna@example.com", phone_number="+79990009401", full_name="Anna Kim"
        ),
        by_phone("Anna Kim", "+79990009401"),
    ),
    json_case(
        "first and last name, and a question about Telegram",
        META,
        _meta(
            "668610767661077",
            first_name="Анна",
            last_name="Ким",
            phone_number="+79990009402",
            ваш_ник_в_telegram="@anna_k",
        ),
        by_phone("Анна Ким", "+79990009402", telegram="anna_k"),
    ),
    json_case(
        "the leads of a form: two people, one without a contact",
        META,
        {
            "status": "ACTIVE",
            "leads_count": 3,
            "id": "447333180259108",
            "name": "Форма Игоря",
            "leads": {
                "data": [
                    _meta("668610767661078", full_name="Олена Шевчук", phone_number="+380501234567"),
                    _meta("668610767661079", full_name="Oleg Belov", email="oleg@example.com"),
                    _meta("668610767661080", full_name="Ivan Petrov", phone_number="+79990009403"),
                ]
            },
        },
        by_phone("Олена Шевчук", "+380501234567"),
        by_phone("Ivan Petrov", "+79990009403"),
    ),
    # https://developers.facebook.com/docs/graph-api/webhooks/getting-started/webhooks-for-leadgen
    json_case(
        "the notice of a new lead has no answers",
        META,
        {
            "object": "page",
            "entry": [
                {
                    "id": "153125381133",
                    "time": 1738598211,
                    "changes": [
                        {
                            "field": "leadgen",
                            "value": {
                                "leadgen_id": "123123123123",
                                "page_id": "153125381133",
                                "form_id": "12312312312",
                                "adgroup_id": "12312312312",
                                "ad_id": "12312312312",
                                "created_time": 1440120384,
                            },
                        }
                    ],
                }
            ],
        },
    ),
    # https://developers.facebook.com/docs/marketing-api/guides/lead-ads/testing-troubleshooting
    json_case(
        "the dummy data of the testing tool",
        META,
        _meta(
            "66861076766107790",
            full_name="<test lead: dummy data for full_name>",
            phone_number="<test lead: dummy data for phone_number>",
        ),
    ),
    # https://zapier.com/apps/facebook-lead-ads/integrations/webhook: the trigger's fields, flat
    json_case(
        "through Webhooks by Zapier, flat",
        "Meta Lead Ads through Zapier",
        {
            "ad_name": "Марина, бухгалтер",
            "campaign_name": "Leads 2026",
            "form_name": "Консультация Ольги",
            "page_name": "Studio Anna",
            "full_name": "Мария Орлова",
            "phone_number": "+79990009404",
            "email": "maria@example.com",
            "platform": "fb",
            "id": "668610767661081",
        },
        by_phone("Мария Орлова", "+79990009404"),
    ),
    form_case(
        "through Webhooks by Zapier as a form, the phone with the prefix p:",
        "Meta Lead Ads through Zapier",
        {
            "form_name": "Лид-форма 2",
            "first_name": "Пётр",
            "last_name": "Ильин",
            "phone_number": "p:+79990009405",
            "page_name": "Школа Петра",
        },
        by_phone("Пётр Ильин", "+79990009405"),
    ),
)
