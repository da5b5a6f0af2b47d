"""CRMs of smaller markets, and a platform for courses."""

from tests.support.form_bodies.case import by_phone, json_case, query_case

# https://api-docs.planadoapp.com/ru/docs/v2/resources/clients/webhooks.html
_PLANADO_CASES = (
    json_case(
        "a person with a list of contacts",
        "Planado",
        {
            "event_type": "client_created",
            "version": 1,
            "context": {"source": "web", "user_uuid": "8ebd12cc-b2d9-407c", "user_email": "oleg@example.com"},
            "client": {
                "uuid": "07cf12b5-f2da-4a77",
                "external_id": "423430387320568-acme",
                "organization": False,
                "first_name": "Анна",
                "last_name": "Ким",
                "middle_name": "Сергеевна",
                "contacts": [{"name": "Мобильный", "value": "+7 999 000-95-49", "type": "phone"}],
                "site_address": {"formatted": "Казань, Баумана, 9", "entrance_no": "1", "floor": "1"},
            },
        },
        by_phone("Анна Ким", "+79990009549"),
    ),
)

# https://help.vlapp.ru/hc/vlapp/articles/1765991603-webhook-_
_VLAPP_CASES = (
    json_case(
        "an order with the names of the customer and of two employees",
        "VLAPP",
        {
            "event": "order_created",
            "userId": "550e8400-e29b-41d4",
            "data": {
                "num": "А40",
                "sn": "89990008865",
                "customerName": "Иванов Иван Иванович",
                "managerName": "Петрова Анна Сергеевна",
                "engineerFullName": "Сидоров Алексей Михайлович",
                "total": 15000.00,
            },
        },
    ),
)

# https://getcourse.io/blog/759199: the owner writes the query
_GETCOURSE_CASES = (
    query_case(
        "a call of a process: everything is in the query",
        "GetCourse",
        {
            "id": "79990008866",
            "first_name": "Анна",
            "last_name": "Ким",
            "email": "anna@example.com",
            "phone": "+79990009550",
            "city": "Казань",
        },
        by_phone("Анна Ким", "+79990009550"),
    ),
    query_case(
        "an order: its number and sum are no phones",
        "GetCourse",
        {
            "number": "1042",
            "order_id": "89990008867",
            "cost_money_value": "79990008868",
            "name": "Олег Белов",
            "email": "oleg@example.com",
            "positions": "Курс Марии",
        },
    ),
)

CASES = (*_PLANADO_CASES, *_VLAPP_CASES, *_GETCOURSE_CASES)
