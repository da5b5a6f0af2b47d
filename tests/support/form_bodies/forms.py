"""Form services that describe each answer: a list of questions, or an answer with its parts."""

import json
from typing import Any

from tests.support.form_bodies.case import (
    by_phone,
    by_username,
    form_case,
    json_case,
    multipart_case,
)

# https://www.typeform.com/developers/webhooks/example-payload/
TYPEFORM = "Typeform"


def _typeform(*answers: tuple[str, str, str]) -> dict[str, Any]:
    """Return a response; an answer is the question's title, its type and the value."""
    kinds = {"short_text": "text", "phone_number": "phone_number", "email": "email"}
    asked = [
        {"id": f"DlXFaesGBpo{at}", "ref": f"readable_ref_{at}", "type": kind, "title": title}
        for at, (title, kind, _) in enumerate(answers)
    ]
    given = [
        {
            "type": kinds[kind],
            kinds[kind]: value,
            "field": {"id": f"DlXFaesGBpo{at}", "ref": f"readable_ref_{at}", "type": kind},
        }
        for at, (_, kind, value) in enumerate(answers)
    ]
    return {
        "event_id": "LtWXD3crgy",
        "event_type": "form_response",
        "form_response": {
            "form_id": "lT4Z3j",
            "token": "a3a12ec67a1365927098a606107fac15",
            "submitted_at": "2026-02-03T16:16:51Z",
            "hidden": {"utm_source": "telegram"},
            "definition": {"id": "lT4Z3j", "title": "Брифинг с Ильёй", "fields": asked},
            "answers": given,
        },
    }


_TYPEFORM_CASES = (
    json_case(
        "the titles of the questions are in the definition",
        TYPEFORM,
        _typeform(
            ("Как вас зовут?", "short_text", "Анна Ким"),
            ("На какой номер перезвонить?", "phone_number", "+79990009490"),
            ("Почта", "email", "anna@example.com"),
        ),
        by_phone("Анна Ким", "+79990009490"),
    ),
    json_case(
        "the title says Telegram",
        TYPEFORM,
        _typeform(("What's your name?", "short_text", "Anna"), ("Your Telegram", "short_text", "anna_k")),
        by_username("Anna", "anna_k"),
    ),
    json_case(
        "the title says Instagram",
        TYPEFORM,
        _typeform(("What's your name?", "short_text", "Anna"), ("Your Instagram", "short_text", "@anna_k")),
    ),
)

# https://www.jotform.com/help/245-how-to-setup-a-webhook-with-jotform/: `username` is the account's owner
JOTFORM = "Jotform"


def _jotform(answers: dict[str, Any], pretty: str) -> dict[str, str]:
    return {
        "action": "",
        "webhookURL": "https://example.com/leads/webhooks/form",
        "username": "josh_studio",
        "formID": "70936128142151",
        "type": "WEB",
        "formTitle": "Order from Josh",
        "submissionID": "5901234567890123456",
        "ip": "203.0.113.42",
        "pretty": pretty,
        "rawRequest": json.dumps(
            {"slug": "submit/70936128142151", "path": "/submit/70936128142151", **answers}
        ),
    }


_JOTFORM_CASES = (
    multipart_case(
        "multipart with the answers in rawRequest",
        JOTFORM,
        _jotform(
            {"q3_name": {"first": "Anna", "last": "Kim"}, "q4_phoneNumber": {"full": "+7 (999) 000-94-91"}},
            "Name:Anna Kim, Phone Number:+7 (999) 000-94-91",
        ),
        by_phone("Anna Kim", "+79990009491"),
    ),
    multipart_case(
        "a phone in two parts",
        JOTFORM,
        _jotform(
            {
                "q3_fullName": {"first": "Anna", "last": "Kim"},
                "q5_phone": {"area": "999", "phone": "0009492"},
            },
            "Full Name:Anna Kim, Phone:(999) 0009492",
        ),
        by_phone("Anna Kim", "+79990009492"),
    ),
    multipart_case(
        "the owner's username is nobody's contact",
        JOTFORM,
        _jotform(
            {"q3_name": {"first": "Anna", "last": "Kim"}, "q4_email": "anna@example.com"}, "Name:Anna Kim"
        ),
    ),
    form_case(
        "the fields of the form itself",
        JOTFORM,
        {
            "formID": "70936128142151",
            "q3_name[first]": "Анна",
            "q3_name[last]": "Ким",
            "q4_phoneNumber[full]": "8 999 000-94-93",
            "event_id": "1738598211_70936128142151_xyz",
        },
        by_phone("Анна Ким", "+79990009493"),
    ),
)

# https://tally.so/help/webhooks
TALLY = "Tally"


def _tally(*answers: tuple[str, str, Any]) -> dict[str, Any]:
    return {
        "eventId": "a4cb511e-d513-4fa5-baee-b815d718dfd1",
        "eventType": "FORM_RESPONSE",
        "createdAt": "2026-02-03T16:16:51.000Z",
        "data": {
            "responseId": "2wgx4n",
            "submissionId": "2wgx4n",
            "respondentId": "dwQKYm",
            "formId": "VwbNEw",
            "formName": "Анкета Павла",
            "fields": [
                {"key": f"question_{at}", "label": label, "type": kind, "value": value}
                for at, (label, kind, value) in enumerate(answers)
            ],
        },
    }


_TALLY_CASES = (
    json_case(
        "labels and types",
        TALLY,
        _tally(
            ("Имя", "INPUT_TEXT", "Анна Ким"),
            ("Сколько вам лет?", "INPUT_NUMBER", 34),
            ("Телефон", "INPUT_PHONE_NUMBER", "+79990009494"),
            ("Согласие", "CHECKBOXES", ["opt_a"]),
        ),
        by_phone("Анна Ким", "+79990009494"),
    ),
    json_case(
        "the type says phone",
        TALLY,
        _tally(
            ("Your name", "INPUT_TEXT", "Anna"),
            ("Best one to reach you", "INPUT_PHONE_NUMBER", "+79990009495"),
        ),
        by_phone("Anna", "+79990009495"),
    ),
    json_case(
        "the head of the company is asked for before the contact person",
        TALLY,
        _tally(
            ("Имя руководителя", "INPUT_TEXT", "Даулет"),
            ("Номер телефона руководителя", "INPUT_PHONE_NUMBER", "+77011234567"),
            ("Фамилия контактного лица", "INPUT_TEXT", "Ахметов"),
            ("Имя контактного лица", "INPUT_TEXT", "Тимур"),
            ("Номер телефона контактного лица", "INPUT_PHONE_NUMBER", "+77017654321"),
        ),
        by_phone("Тимур Ахметов", "+77017654321"),
    ),
    json_case(
        "an answer is null",
        TALLY,
        _tally(
            ("Имя", "INPUT_TEXT", "Анна"),
            ("Телефон", "INPUT_PHONE_NUMBER", None),
            ("Ник в Telegram", "INPUT_TEXT", "@anna_k"),
        ),
        by_username("Анна", "anna_k"),
    ),
)

# https://paperform.co/help/articles/how-to-use-webhooks/
PAPERFORM = "Paperform"
_PAPERFORM_CASES = (
    json_case(
        "the title, the key and the owner's key of each question",
        PAPERFORM,
        {
            "data": [
                {
                    "title": "Your name",
                    "description": "As Maria should call you",
                    "type": "text",
                    "key": "tgp8",
                    "custom_key": "name",
                    "value": "Anna Kim",
                },
                {
                    "title": "Phone",
                    "description": None,
                    "type": "phone",
                    "key": "ba7ri",
                    "custom_key": None,
                    "value": "+79990009496",
                },
            ],
            "submission_id": "XXXXXXXXXXXXXXXXXXX",
            "created_at": "2026-02-03 09:51:23",
            "ip_address": "203.0.113.42",
            "charge": None,
        },
        by_phone("Anna Kim", "+79990009496"),
    ),
)

# https://formsmarts.com/online-form-api-webhook
FORMSMARTS = "FormSmarts"
_FORMSMARTS_CASES = (
    json_case(
        "field_name and field_value",
        FORMSMARTS,
        {
            "api_id": "FSEVAPI",
            "api_version": "1",
            "form_id": "lqh",
            "form_name": "Ask Robert",
            "fs_ref_num": "6GZTWKU3HV7DAV1R8YE92L41B",
            "fields": [
                {
                    "field_value": "Anna Kim",
                    "field_name": "Full Name",
                    "field_id": 1226194,
                    "field_datatype": "name",
                },
                {"field_value": "+79990009497", "field_name": "Phone Number", "field_id": 88005553535},
                {"field_value": "Bye,\r\nBob", "field_name": "Any Comments", "field_datatype": "text"},
            ],
        },
        by_phone("Anna Kim", "+79990009497"),
    ),
)

# https://www.fillout.com/help/webhooks
FILLOUT = "Fillout"
_FILLOUT_CASES = (
    json_case(
        "the questions of a submission",
        FILLOUT,
        {
            "formId": "dtaGmVwHHJus",
            "formName": "Booking with Nick",
            "submission": {
                "submissionId": "b3ad0b41-3f0c-4c6b",
                "submissionTime": "2026-02-03T16:16:51.000Z",
                "questions": [
                    {"id": "ok9Q", "name": "What is your name?", "type": "ShortAnswer", "value": "Anna"},
                    {"id": "pk9Q", "name": "Your phone", "type": "PhoneNumber", "value": "+79990009498"},
                    {"id": "qk9Q", "name": "Who referred you?", "type": "ShortAnswer", "value": "@oleg_m"},
                ],
                "calculations": [],
                "urlParameters": [],
            },
        },
        by_phone("Anna", "+79990009498"),
    ),
)

CASES = (
    *_TYPEFORM_CASES,
    *_JOTFORM_CASES,
    *_TALLY_CASES,
    *_PAPERFORM_CASES,
    *_FORMSMARTS_CASES,
    *_FILLOUT_CASES,
)
