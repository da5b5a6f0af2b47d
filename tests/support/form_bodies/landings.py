"""Site builders and landing pages of other countries."""

import json
from typing import Any

from tests.support.form_bodies.case import by_phone, by_username, form_case, json_case

# https://developers.webflow.com/data/docs/working-with-webhooks
WEBFLOW = "Webflow"


def _webflow(**data: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    names = [key.replace("_", " ") for key in data]
    return {
        "triggerType": "form_submission",
        "payload": {
            "name": "Contact Oleg",
            "siteId": "65427cf400e02b306eaa049c",
            "data": dict(zip(names, data.values(), strict=True)),
            "schema": [
                {"fieldName": name, "fieldType": "FormTextInput", "fieldElementId": f"285042f7-{at}"}
                for at, name in enumerate(names)
            ],
            "submittedAt": "2026-02-03T16:16:51.000Z",
            "id": "6321ca84df3949bfc6752327",
            "formId": "65429eadebe8a9f3a30f62d0",
            "formElementId": "4e038d2c-6a1e-4953-7be9-a59a2b453177",
        },
    }


_WEBFLOW_CASES = (
    json_case(
        "the phone is a number, the form has a name",
        WEBFLOW,
        _webflow(First_Name="Anna", Last_Name="Kim", email="anna@example.com", Phone_Number=79990009437),
        by_phone("Anna Kim", "+79990009437"),
    ),
    json_case(
        "the name of the form is nobody's",
        WEBFLOW,
        _webflow(Telegram="https://t.me/anna_k", Message="Call me"),
        by_username("", "anna_k"),
    ),
    # https://developers.webflow.com/v1.0.0/reference: the first version, without triggerType
    json_case(
        "the first version",
        WEBFLOW,
        {
            "name": "Email Form",
            "site": "580e63e98c9a982ac9b8b741",
            "data": {"Name": "Ivan Petrov", "Phone": "+7 999 000-94-38"},
            "d": "2026-02-03T16:16:51.000Z",
            "_id": "580e63fc8c9a982ac9b8b744",
        },
        by_phone("Ivan Petrov", "+79990009438"),
    ),
)

# https://dev.wix.com/docs/rest/api-reference/wix-automations, a body recorded in public code
WIX = "Wix Automations"
_WIX_CASES = (
    json_case(
        "each answer under its field, under its label and in the contact",
        WIX,
        {
            "data": {
                "formName": "Booking with Dmitry",
                "field:first_name_abae": "Anna",
                "field:last_name_d97c": "Kim",
                "field:phone_4c77": "+79990009439",
                "field:reservation_number_of_people": 4,
                "field:date_picker_d4fa": "2026-09-12",
                "submissions": [
                    {"label": "First name", "value": "Anna"},
                    {"label": "Last name", "value": "Kim"},
                    {"label": "Phone", "value": "+79990009439"},
                ],
                "submissionTime": "2026-02-03T16:16:51.000Z",
                "contact": {
                    "name": {"first": "Anna", "last": "Kim"},
                    "locale": "en",
                    "contactId": "3e884e7f-da65-53dc-ab09-3655e283dd40",
                },
            }
        },
        by_phone("Anna Kim", "+79990009439"),
    ),
)

# https://documentation.unbounce.com/hc/en-us/articles/203510044-Using-a-Webhook
UNBOUNCE = "Unbounce"
_UNBOUNCE_ANSWERS = {
    "name": ["Anna Kim"],
    "phone_number": ["+79990009440"],
    "email": ["anna@example.com"],
    "page_name": ["Igor's webinar"],
    "ip_address": ["203.0.113.42"],
}
_UNBOUNCE_CASES = (
    form_case(
        "JSON with lists in one field of a form",
        UNBOUNCE,
        {
            "page_id": "7c0d5ac9-6f09-4fd1-9ec1-1d1d5d6a7f5b",
            "page_name": "Igor's webinar",
            "page_url": "https://example.com/igor/",
            "variant": "a",
            "data.json": json.dumps(_UNBOUNCE_ANSWERS),
        },
        by_phone("Anna Kim", "+79990009440"),
    ),
)

CASES = (*_WEBFLOW_CASES, *_WIX_CASES, *_UNBOUNCE_CASES)
