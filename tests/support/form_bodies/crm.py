"""CRMs that call a webhook about a contact, a lead or a deal."""

from typing import Any

from tests.support.form_bodies.case import by_phone, by_username, form_case, json_case

# https://www.amocrm.ru/developers/content/crm_platform/webhooks-format
AMO = "amoCRM"
_AMO_ACCOUNT = {"account[id]": "79990008840", "account[subdomain]": "studio_anna"}


def _amo_contact(at: int, name: str, field: str, code: str, value: str) -> dict[str, str]:
    prefix = f"contacts[add][{at}]"
    return {
        f"{prefix}[id]": "79990008841",
        f"{prefix}[name]": name,
        f"{prefix}[responsible_user_id]": "79990008842",
        f"{prefix}[date_create]": "1738598211",
        f"{prefix}[company_name]": "ООО Ромашка",
        f"{prefix}[custom_fields][0][id]": "264911",
        f"{prefix}[custom_fields][0][name]": field,
        f"{prefix}[custom_fields][0][code]": code,
        f"{prefix}[custom_fields][0][values][0][value]": value,
        f"{prefix}[custom_fields][0][values][0][enum]": "79990008843",
        f"{prefix}[type]": "contact",
    }


_AMO_CASES = (
    form_case(
        "a new contact",
        AMO,
        {**_amo_contact(0, "Анна Ким", "Телефон", "PHONE", "+7 999 000-95-40"), **_AMO_ACCOUNT},
        by_phone("Анна Ким", "+79990009540"),
    ),
    form_case(
        "two new contacts are two people",
        AMO,
        {
            **_amo_contact(0, "Анна", "Телефон", "PHONE", "89990009541"),
            **_amo_contact(1, "Олег", "Телефон", "PHONE", "89990009542"),
            **_AMO_ACCOUNT,
        },
        by_phone("Анна", "+79990009541"),
        by_phone("Олег", "+79990009542"),
    ),
    form_case(
        "a field of the owner about Telegram",
        AMO,
        {**_amo_contact(0, "Зоя", "Telegram", "", "@zoya_b"), **_AMO_ACCOUNT},
        by_username("Зоя", "zoya_b"),
    ),
    form_case(
        "a new deal: its name is nobody's",
        AMO,
        {
            "leads[add][0][id]": "89990008844",
            "leads[add][0][name]": "Сделка Марии",
            "leads[add][0][status_id]": "142",
            "leads[add][0][price]": "79990008845",
            "leads[add][0][responsible_user_id]": "79990008846",
            "leads[add][0][created_at]": "1738598211",
            **_AMO_ACCOUNT,
        },
    ),
    # https://www.amocrm.ru/developers/content/crm_platform/contacts-api, passed on by an integrator
    json_case(
        "a contact of the API",
        AMO,
        {
            "id": 79990008847,
            "name": "Анна Ким",
            "first_name": "",
            "last_name": "",
            "responsible_user_id": 504141,
            "custom_fields_values": [
                {
                    "field_id": 3,
                    "field_name": "Телефон",
                    "field_code": "PHONE",
                    "field_type": "multitext",
                    "values": [{"value": "+79990009543", "enum_id": 4, "enum_code": "WORK"}],
                }
            ],
        },
        by_phone("Анна Ким", "+79990009543"),
    ),
)

# https://apidocs.bitrix24.ru/api-reference/crm/leads/crm-lead-get.html and .../events/
BITRIX = "Bitrix24"
_BITRIX_AUTH = {
    "auth[domain]": "studio.bitrix24.ru",
    "auth[member_id]": "a223c6b3710f85df22e9377d6c4f7553",
    "auth[application_token]": "a-token",
}


def _bitrix(**fields: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "result": {
            "ID": "79990008850",
            "TITLE": "CRM-форма «Вопрос Сергею»",
            "NAME": None,
            "SECOND_NAME": "Сергеевна",
            "LAST_NAME": None,
            "COMPANY_TITLE": "ООО Ромашка",
            "SOURCE_ID": "14|WZ_WHATSAPP_C64EA9379AE",
            "HAS_PHONE": "Y",
            "ASSIGNED_BY_ID": "79990008851",
            "CREATED_BY_ID": "13128",
            "DATE_CREATE": "2026-02-03T16:16:51+03:00",
            **fields,
        }
    }


_BITRIX_CASES = (
    form_case(
        "the event of a new lead has only its number",
        BITRIX,
        {
            "event": "ONCRMLEADADD",
            "event_handler_id": "117",
            "data[FIELDS][ID]": "89990008852",
            "ts": "1738598211",
            **_BITRIX_AUTH,
        },
    ),
    form_case(
        "an event with the fields",
        BITRIX,
        {
            "event": "ONCRMLEADADD",
            "data[FIELDS][ID]": "42",
            "data[FIELDS][NAME]": "Анна",
            "data[FIELDS][PHONE][0][VALUE]": "+7 (999) 000-95-44",
            "data[FIELDS][PHONE][0][VALUE_TYPE]": "WORK",
            **_BITRIX_AUTH,
        },
        by_phone("Анна", "+79990009544"),
    ),
    json_case(
        "a lead of the API",
        BITRIX,
        _bitrix(
            NAME="Анна",
            LAST_NAME="Ким",
            PHONE=[{"ID": "79990008853", "VALUE_TYPE": "WORK", "VALUE": "89990009545", "TYPE_ID": "PHONE"}],
        ),
        by_phone("Анна Ким", "+79990009545"),
    ),
    json_case(
        "a messenger of the lead",
        BITRIX,
        _bitrix(
            NAME="Глеб",
            IM=[{"ID": "7", "VALUE_TYPE": "TELEGRAM", "VALUE": "gleb_k", "TYPE_ID": "IM"}],
        ),
        by_username("Глеб", "gleb_k"),
    ),
    json_case(
        "another messenger of the lead",
        BITRIX,
        _bitrix(NAME="Глеб", IM=[{"ID": "7", "VALUE_TYPE": "SKYPE", "VALUE": "gleb_k", "TYPE_ID": "IM"}]),
    ),
    # https://helpdesk.bitrix24.ru, "Исходящий вебхук": the owner writes the query, the body is technical
    form_case(
        "a robot's webhook with the fields in the query",
        BITRIX,
        {
            "document_id[0]": "crm",
            "document_id[1]": "CCrmDocumentLead",
            "document_id[2]": "LEAD_42",
            **_BITRIX_AUTH,
        },
        by_phone("Анна", "+79990009546"),
        query="name=%D0%90%D0%BD%D0%BD%D0%B0&phone=%2B79990009546",
    ),
)

# https://pipedrive.readme.io/docs/guide-for-webhooks and guide-for-webhooks-v2
PIPEDRIVE = "Pipedrive"
_PIPEDRIVE_CASES = (
    json_case(
        "a person, first version",
        PIPEDRIVE,
        {
            "v": 1,
            "event": "added.person",
            "meta": {
                "id": 88005553535,
                "company_id": 1234567,
                "user_id": 79990008860,
                "host": "a.pipedrive.com",
            },
            "current": {
                "id": 88005553535,
                "owner_id": 79990008861,
                "owner_name": "Oleg Belov",
                "org_name": "Kim & Sons",
                "name": "Anna Kim",
                "first_name": "Anna",
                "last_name": "Kim",
                "phone": [{"label": "mobile", "value": "+79990009547", "primary": True}],
                "email": [{"label": "work", "value": "anna@example.com", "primary": True}],
                "cc_email": "a@pipedrivemail.com",
            },
            "previous": None,
            "retry": 0,
        },
        by_phone("Anna Kim", "+79990009547"),
    ),
    json_case(
        "a person, second version",
        PIPEDRIVE,
        {
            "data": {
                "id": 42,
                "owner_id": 7771234567,
                "org_id": 7,
                "name": "Ivan Petrov",
                "first_name": "Ivan",
                "last_name": "Petrov",
                "phones": [{"label": "work", "value": "+7 999 000 95 48", "primary": True}],
                "emails": [],
            },
            "previous": None,
            "meta": {"action": "create", "entity": "person", "entity_id": "42", "user_id": "7771234567"},
        },
        by_phone("Ivan Petrov", "+79990009548"),
    ),
    json_case(
        "a deal has names, but no contact",
        PIPEDRIVE,
        {
            "v": 1,
            "event": "added.deal",
            "current": {
                "id": 79990008862,
                "title": "Anna's deal",
                "person_id": 79990008863,
                "person_name": "Anna Kim",
                "owner_name": "Oleg Belov",
                "org_name": "Kim & Sons",
                "value": 79990008864,
            },
            "previous": None,
        },
    ),
)

CASES = (*_AMO_CASES, *_BITRIX_CASES, *_PIPEDRIVE_CASES)
