"""Examples and error responses for the OpenAPI schema; a test sends every example request."""

from typing import Any, Final

Responses = dict[int | str, dict[str, Any]]

LEADS_IN: Final[tuple[dict[str, Any], ...]] = (
    {
        "name": "Анна Каренина",
        "phone": "+7 999 123-45-67",
        "username": "@anna_k",
        "extra": {"page": "/prices"},
    },
    {"name": "Иван", "phone": "8 (999) 765-43-21"},
    {"name": "Maria", "username": "https://t.me/maria_dev", "comment": "kept in extra"},
)

TILDA_FORM: Final[dict[str, Any]] = {
    "Name": "Анна Каренина",
    "Phone": "+7 (999) 123-45-67",
    "Telegram": "@anna_k",
    "Comments": "Нужен сайт для клиники",
    "tranid": "467251:8442970",
    "formid": "form467251",
}
TILDA_PROBE: Final[dict[str, Any]] = {"test": "test"}
TILDA_JSON: Final[dict[str, Any]] = {
    "data": [{"name": "Ваше имя", "value": "Иван"}, {"name": "Телефон", "value": "8 999 765-43-21"}],
    "tranid": "467251:8442971",
}

LEAD: Final[dict[str, Any]] = {
    "id": 1,
    "name": "Анна Каренина",
    "phone": "+79991234567",
    "phone_e164": "+79991234567",
    "username": "anna_k",
    "status": "pending",
    "source": "api",
    "extra": {"page": "/prices", "utm_source": "yandex", "utm_medium": "cpc", "utm_campaign": "sites"},
    "contact_evidence": {},
    "created_at": "2026-11-22T12:00:00Z",
    "updated_at": "2026-11-22T12:00:00Z",
    "due_at": "2026-11-22T12:00:00Z",
    "attempts": 0,
    "last_error": None,
    "resolved_via": None,
    "duplicate_of": None,
    "handoff_summary": None,
    "open_question": None,
    "returns_at": None,
    **dict.fromkeys(("follow_up_at", "meeting_at", "meeting_url")),
    "telegram_user_id": None,
    "utm": {"source": "yandex", "medium": "cpc", "campaign": "sites", "term": None, "content": None},
}
LEAD_DETAIL: Final[dict[str, Any]] = LEAD | {
    "status": "contacted",
    "due_at": None,
    "resolved_via": "username",
    "telegram_user_id": 5123456789,
    "messages": [
        {
            "id": 1,
            "direction": "out",
            "kind": "greeting",
            "text": "Здравствуйте, Анна! …",
            "state": "sent",
            "intent": None,
            "created_at": "2026-11-22T12:00:03Z",
            "sent_at": "2026-11-22T12:00:04Z",
            "error": None,
            "confidence": None,
            "facts": None,
            "refused": None,
            "model": "gpt-4.1-mini",
            "model_calls": 1,
            "tokens_in": 1480,
            "tokens_cached": 1280,
            "tokens_out": 64,
            "cost_usd": 0.00031,
            "latency_ms": 940,
        }
    ],
    "events": [
        {
            "from_status": None,
            "to_status": "pending",
            "reason": "received",
            "actor": "api",
            "at": "2026-11-22T12:00:00Z",
        }
    ],
    **{name: [] for name in ("planned", "bookings", "booking_events")},
}
PERSON: Final[dict[str, Any]] = {
    "exported_at": "2026-11-22T12:00:00+00:00",
    "leads": [{"id": 1, "name": "Анна Каренина", "phone_e164": "+79991234567", "status": "contacted"}],
    "messages": [{"id": 1, "lead_id": 1, "direction": "out", "text": "Здравствуйте, Анна! …"}],
    "events": [{"id": 1, "lead_id": 1, "to_status": "pending", "at": "2026-11-22T12:00:00Z"}],
    **{name: [] for name in ("bookings", "planned_messages")},
    "deliveries": [{"id": 1, "lead_id": 1, "body": "Name=…&Phone=…", "outcome": "stored"}],
    "telegram_people": [{"account_id": 1, "user_id": 5123456789, "phone_e164": "+79991234567"}],
    "owner_notices": [],
    "lead_notes": [],
    "lead_actions": [],
    "do_not_contact": [],
}
FORBID_IN: Final[tuple[dict[str, Any], ...]] = (
    {"phone": "+7 999 000-00-00", "username": "@nobody_here", "reason": "asked by e-mail"},
    {"phone": "8 (999) 000-00-00"},
)
HUMAN_MESSAGE: Final[dict[str, Any]] = {"text": "Здравствуйте! Это Мария, руководитель проектов."}
INVALID: Final[dict[str, Any]] = {
    "detail": [
        {
            "type": "contact",
            "loc": ["body", "phone"],
            "msg": "a phone number or a Telegram username is needed",
            "input": None,
        }
    ]
}

DELIVERY: Final[dict[str, Any]] = {
    "id": 7,
    "source": "tilda",
    "received_at": "2026-11-22T12:00:00Z",
    "content_type": "application/x-www-form-urlencoded",
    "outcome": "refused",
    "error": "a phone number or a Telegram username is needed",
    "lead_id": None,
}
DELIVERY_DETAIL: Final[dict[str, Any]] = DELIVERY | {"body": "Name=Anna&Mobile=%2B79991234567"}


def problem(description: str, detail: str) -> dict[str, Any]:
    """Return the OpenAPI entry of an error response with an example."""
    return _response(description, {"detail": detail}, "#/components/schemas/Problem")


def _response(description: str, example: dict[str, Any], schema: str) -> dict[str, Any]:
    return {
        "description": description,
        "content": {"application/json": {"schema": {"$ref": schema}, "example": example}},
    }


BUG: Final[Responses] = {
    500: problem(
        "An internal error. The log has the traceback, under the X-Request-ID of this response.",
        "internal error",
    )
}
UNAVAILABLE: Final[Responses] = {
    503: {
        **problem(
            "The database cannot be reached. Nothing was stored.",
            "the database cannot be reached: try again",
        ),
        "headers": {
            "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
        },
    }
}
TOO_MANY: Final[Responses] = {
    429: {
        **problem(
            "RATE_LIMIT_PER_MINUTE is exceeded, or too many wrong tokens came from this address. Nothing was"
            " stored.",
            "too many submissions, RATE_LIMIT_PER_MINUTE is 600: try again in 12 s",
        ),
        "headers": {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}},
    }
}
UNAUTHORIZED: Final[Responses] = {
    401: problem(
        "The token is missing or wrong.", "API_TOKEN is needed: Authorization: Bearer … or X-API-Key"
    ),
    # An endpoint that checks tokens also locks out addresses that guess them.
    **TOO_MANY,
}
UNPROCESSABLE: Final[Responses] = {
    422: _response(
        "The request is invalid: `detail` names the field and the problem.",
        INVALID,
        "#/components/schemas/HTTPValidationError",
    )
}
NO_DELIVERY: Final[Responses] = {404: problem("There is no such delivery.", "there is no delivery 7")}
NOT_FOUND: Final[Responses] = {404: problem("There is no such lead.", "there is no lead 1")}
BODY_REFUSED: Final[Responses] = {
    400: problem("The body is incomplete or does not match its Content-Encoding.", "the body is not gzip"),
    408: problem("The body did not arrive within BODY_SECONDS.", "the body did not come within 15 seconds"),
    413: problem(
        "The body is over 256 KiB, before or after unpacking. A form with files may have WEBHOOK_MAX_MIB.",
        "the body is over 256 KiB",
    ),
    415: problem(
        "The Content-Encoding is neither gzip nor deflate.", "Content-Encoding 'br' is not understood"
    ),
}
TILDA_UNAUTHORIZED: Final[Responses] = {
    401: problem(
        "The token is missing or wrong.",
        "TILDA_TOKEN is needed: in a header, in the form or in the URL",
    ),
    **TOO_MANY,
}

IMPORT_CSV: Final = (
    "Имя;Телефон;Telegram;Комментарий\r\n"
    "Анна Каренина;+7 999 123-45-67;@anna_k;Нужен сайт\r\n"
    "Иван;8 (999) 765-43-21;;\r\n"
)
IMPORT_OUT: Final[dict[str, Any]] = {
    "complete": True,
    "taken": 1,
    "repeated": 0,
    "refused": 1,
    "detail": None,
    "rows": [
        {"row": 2, "outcome": "taken", "lead_id": 1, "error": None},
        {
            "row": 3,
            "outcome": "refused",
            "lead_id": None,
            "error": "phone: a phone number or a Telegram username is needed",
        },
    ],
}
IMPORT_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "text/csv": {
            "schema": {"type": "string"},
            "examples": {"spreadsheet": {"summary": "A file saved by Excel", "value": IMPORT_CSV}},
        },
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {"file": {"type": "string", "format": "binary"}},
            },
        },
    },
}
IMPORT_REFUSED: Final[Responses] = {
    413: problem("The file is over IMPORT_MAX_MIB, or has too many rows.", "the body is over 20480 KiB"),
    415: problem(
        "The file is not a CSV file, or its Content-Encoding is neither gzip nor deflate.",
        "this is an Excel workbook: save it as CSV",
    ),
}
IMPORT_BROKEN_OFF: Final[Responses] = {
    503: _response(
        "The database became unreachable during the import. The response lists the stored rows. Send the file"
        " again to store the missing rows.",
        {**IMPORT_OUT, "complete": False, "detail": "the database cannot be reached: try again; …"},
        "#/components/schemas/ImportOut",
    )
}

_FORM_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "description": "The fields of the form.",
    "additionalProperties": {"type": "string"},
}
_FORM_EXAMPLES: Final[dict[str, Any]] = {
    "submission": {"summary": "A submission", "value": TILDA_FORM},
    "probe": {"summary": "Tilda's test call when the webhook is connected", "value": TILDA_PROBE},
}
TILDA_BODY: Final[dict[str, Any]] = {
    "required": True,
    "content": {
        "application/x-www-form-urlencoded": {"schema": _FORM_SCHEMA, "examples": _FORM_EXAMPLES},
        "multipart/form-data": {"schema": _FORM_SCHEMA, "examples": _FORM_EXAMPLES},
        "application/json": {
            "schema": {"type": "object", "additionalProperties": True},
            "examples": {
                "flat": {"summary": "Flat", "value": TILDA_FORM},
                "wrapped": {"summary": "Inside `data`", "value": TILDA_JSON},
            },
        },
    },
}


def not_ready() -> dict[str, Any]:
    """Return the OpenAPI entry of the response for an unreachable or outdated database."""
    example = {
        "status": "unavailable",
        "database": "outdated",
        "detail": "the database is not at revision 0002: run `alembic upgrade head`",
    }
    return {
        "description": "The database cannot be reached, or its schema does not match this program.",
        "content": {"application/json": {"example": example}},
    }
