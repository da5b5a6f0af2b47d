"""Form services that send the answers under the names of the fields."""

from tests.support.form_bodies.case import by_phone, by_username, form_case, json_case

# https://developers.google.com/apps-script/guides/triggers/events
GOOGLE_FORMS = "Google Forms script"
_GOOGLE_FORMS_CASES = (
    json_case(
        "namedValues as they are",
        GOOGLE_FORMS,
        {"Timestamp": ["03.02.2026 16:16:51"], "Name": ["Anna"], "Phone": ["8 999 000 95 10"]},
        by_phone("Anna", "+79990009510"),
    ),
    json_case(
        "the whole event",
        GOOGLE_FORMS,
        {
            "authMode": "FULL",
            "namedValues": {
                "Отметка времени": ["03.02.2026 16:16:51"],
                "Ваше имя": ["Анна Ким"],
                "Номер телефона": ["79990009511"],
            },
            "range": {"columnEnd": 3, "columnStart": 1, "rowEnd": 7, "rowStart": 7},
            "source": {},
            "triggerUid": "79990008820",
            "values": ["03.02.2026 16:16:51", "Анна Ким", "79990009511"],
        },
        by_phone("Анна Ким", "+79990009511"),
    ),
    json_case(
        "an empty answer is an empty text in a list",
        GOOGLE_FORMS,
        {"Имя": ["Анна"], "Телефон": [""], "Telegram": ["@anna_k"]},
        by_username("Анна", "anna_k"),
    ),
)

# https://yandex.cloud/en/docs/forms/send-request
YANDEX_FORMS = "Yandex Forms"
_YANDEX_CASES = (
    json_case(
        "a JSON-RPC request with the owner's parameters",
        YANDEX_FORMS,
        {
            "jsonrpc": "2.0",
            "method": "lead.add",
            "params": {"name": "Анна Ким", "phone": "+7 999 000-95-12"},
            "id": 79990008821,
        },
        by_phone("Анна Ким", "+79990009512"),
    ),
    json_case(
        "a request with the questions as keys",
        YANDEX_FORMS,
        {"Как к вам обращаться?": "Анна", "Телефон для связи": "+7 999 000-95-13", "answer_id": "2043991512"},
        by_phone("Анна", "+79990009513"),
    ),
)

# https://docs.netlify.com: form notifications
NETLIFY = "Netlify Forms"
_NETLIFY_CASES = (
    json_case(
        "the answers three times; `number` counts the submissions",
        NETLIFY,
        {
            "id": "5231110b5803540aeb000019",
            "number": 21,
            "title": None,
            "email": "anna@example.com",
            "name": "Anna Kim",
            "first_name": "Anna",
            "last_name": "Kim",
            "company": None,
            "summary": "Hello",
            "data": {"name": "Anna Kim", "phone": "+79990009514", "ip": "203.0.113.42"},
            "human_fields": {"Name": "Anna Kim", "Phone": "+79990009514"},
            "ordered_human_fields": [
                {"title": "Name", "name": "name", "value": "Anna Kim"},
                {"title": "Phone", "name": "phone", "value": "+79990009514"},
            ],
            "created_at": "2026-02-03T16:16:51.000Z",
            "form_name": "Write to Peter",
            "site_url": "https://peter.example.com",
        },
        by_phone("Anna Kim", "+79990009514"),
    ),
)

# https://legacydocs.hubspot.com/docs/methods/workflows/webhook_information
HUBSPOT = "HubSpot workflow"


def _property(value: str) -> dict[str, object]:
    return {"value": value, "versions": [{"value": value, "source-type": "FORM", "timestamp": 1738598211000}]}


_HUBSPOT_CASES = (
    json_case(
        "a contact with its owner",
        HUBSPOT,
        {
            "vid": 88005553535,
            "portal-id": 62515,
            "is-contact": True,
            "associated-owner": {"first-name": "Oleg", "last-name": "Belov", "email": "oleg@example.com"},
            "properties": {
                "hubspot_owner_id": _property("79990008822"),
                "firstname": _property("Anna"),
                "lastname": _property("Kim"),
                "phone": _property("+79990009515"),
                "company": _property("Kim & Sons"),
            },
        },
        by_phone("Anna Kim", "+79990009515"),
    ),
    json_case(
        "a contact without a phone: the owner is no lead",
        HUBSPOT,
        {
            "vid": 88005553536,
            "associated-owner": {"first-name": "Oleg", "last-name": "Belov", "phone": "+79990008823"},
            "properties": {"firstname": _property("Anna"), "email": _property("anna@example.com")},
        },
    ),
    # https://legacydocs.hubspot.com/docs/methods/forms/submit_form_v3
    json_case(
        "a submission of a form, passed on",
        "HubSpot forms",
        {
            "submittedAt": "1738598211000",
            "fields": [
                {"objectTypeId": "0-1", "name": "firstname", "value": "Анна"},
                {"objectTypeId": "0-1", "name": "lastname", "value": "Ким"},
                {"objectTypeId": "0-1", "name": "mobilephone", "value": "+79990009516"},
            ],
            "context": {"hutk": "a1b2", "pageUri": "https://example.com", "pageName": "Виктор, наставник"},
        },
        by_phone("Анна Ким", "+79990009516"),
    ),
)

# https://forminit.com/docs/webhooks
FORMINIT = "Forminit"
_FORMINIT_CASES = (
    json_case(
        "the sender is the person, files have names",
        FORMINIT,
        {
            "event": "form.submitted",
            "formName": "contact-form",
            "id": "xK9mLpQr2vNtYw8z",
            "submissionStatus": "Open",
            "data": {
                "message": "Hello",
                "sender": {
                    "email": "james@example.com",
                    "firstName": "James",
                    "lastName": "Wilson",
                    "phone": "+447400123456",
                    "company": "Acme Ltd",
                    "position": "Product Manager",
                },
                "budget": 50000,
                "file-proposal": {
                    "file": "https://files.example.com/p.pdf",
                    "size": 245000,
                    "name": "plan.pdf",
                },
                "submissionDate": "05-01-2026 14:30",
            },
        },
        by_phone("James Wilson", "+447400123456"),
    ),
)

# https://www.cognitoforms.com/support: webhooks
COGNITO = "Cognito Forms"
_COGNITO_CASES = (
    json_case(
        "the parts of the name; the user of the entry is somebody else",
        COGNITO,
        {
            "Form": {"Id": "1", "InternalName": "AskOleg", "Name": "Ask Oleg"},
            "$version": 7,
            "Name": {
                "First": "Anna",
                "FirstAndLast": "Anna Kim",
                "Last": "Kim",
                "Middle": None,
                "Prefix": None,
            },
            "Phone": "+79990009517",
            "Entry": {
                "Number": 79990008824,
                "DateCreated": "2026-02-03T16:16:51.000Z",
                "Origin": {"City": "Kazan", "CountryCode": "RU"},
                "User": {"Email": None, "Name": None},
            },
            "Id": "1-1",
        },
        by_phone("Anna Kim", "+79990009517"),
    ),
)

# https://help.formstack.com: WebHook
FORMSTACK = "Formstack"
_FORMSTACK_CASES = (
    json_case(
        "labels as keys",
        FORMSTACK,
        {
            "FormID": "1234567",
            "UniqueID": "79990008825",
            "Name": {"first": "Anna", "last": "Kim"},
            "Phone": "(999) 000-95-18",
        },
        by_phone("Anna Kim", "+79990009518"),
    ),
)

# https://api.surveymonkey.com/v3/docs#webhook-callbacks
SURVEYMONKEY = "SurveyMonkey"
_SURVEYMONKEY_CASES = (
    json_case(
        "the notice of a response: the name is the webhook's",
        SURVEYMONKEY,
        {
            "name": "Hook of Robert",
            "filter_type": "survey",
            "filter_id": "106210577",
            "event_type": "response_completed",
            "event_id": "79990008826",
            "object_type": "response",
            "object_id": "114079765",
            "event_datetime": "2026-02-03T16:16:51.000000+00:00",
            "resources": {"respondent_id": "114079765", "collector_id": "50253690", "user_id": "79990008827"},
        },
    ),
)

# https://to.co/docs/integrate/webhooks/webhook-payload-form-model-v1
TO_CO = "to.co"
_TO_CO_CASES = (
    json_case(
        "the parts of the name are fields, too",
        TO_CO,
        {
            "id": "zjcqv4ej75fvbxgp_fs",
            "form": {"id": "t34tep5kt346_fm", "name": "Form of Brian"},
            "fields": {
                "business": "Tesco plc",
                "business.name": "Tesco plc",
                "business.registration_number": "00445790",
                "name": "Jake Broe",
                "name.first": "Jake",
                "name.last": "Broe",
                "phone": "+447400123456",
            },
            "ip_address": "203.0.113.42",
            "scoring": {"categories": [{"name": "Knowledge", "score": 50}], "total": 117},
        },
        by_phone("Jake Broe", "+447400123456"),
    ),
)

# https://developer.mozilla.org/docs/Learn_web_development/Extensions/Forms/Sending_and_retrieving_form_data
_PLAIN_CASES = (
    form_case(
        "a page of HTML that posts to us",
        "HTML form",
        {"fio": "Анна Ким", "tel": "8-999-000-95-19", "submit": "Отправить"},
        by_phone("Анна Ким", "+79990009519"),
    ),
)

CASES = (
    *_GOOGLE_FORMS_CASES,
    *_YANDEX_CASES,
    *_NETLIFY_CASES,
    *_HUBSPOT_CASES,
    *_FORMINIT_CASES,
    *_COGNITO_CASES,
    *_FORMSTACK_CASES,
    *_SURVEYMONKEY_CASES,
    *_TO_CO_CASES,
    *_PLAIN_CASES,
)
