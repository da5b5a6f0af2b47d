"""Integrators, chat bots, call tracking and chats: they wrap or forward the data of others."""

import json
from typing import Any

from tests.support.form_bodies.case import (
    Case,
    by_phone,
    by_username,
    form_case,
    json_case,
    query_case,
)

# https://help-en.roistat.com: the parameters of the call are in the query
ROISTAT = "Roistat"
_ROISTAT_CASES = (
    query_case(
        "a caught lead",
        ROISTAT,
        {
            "id": "90",
            "visit": "79990008870",
            "title": "Пойманный лид: 79990009570",
            "text": "Данные формы: 79990009570\nПромо-код: 1674\nДата отправки: 17:22 15.04.2015",
            "name": "Роберт",
            "phone": "79990009570",
            "email": "robert@example.com",
            "data": json.dumps({"page": "https://example.com/", "Менеджер": "Олег"}, ensure_ascii=False),
            "created_date": "2026-02-03 16:16:51",
        },
        by_phone("Роберт", "+79990009570"),
    ),
    query_case(
        "a call: the person has no name",
        ROISTAT,
        {
            "id": "91",
            "visit": "",
            "title": "Входящий звонок от 79990009571",
            "name": "",
            "phone": "79990009571",
        },
        by_phone("", "+79990009571"),
    ),
)

# https://www.jivochat.com/docs/webhooks/
JIVO = "JivoSite"
_JIVO_AGENT = {"id": "3599", "name": "Олег Смирнов", "email": "agent@example.com", "phone": "+79990008871"}


def _jivo(event: str, visitor: dict[str, Any], **rest: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "event_name": event,
        "chat_id": 79990008872,
        "widget_id": "2853",
        "visitor": {"number": "2746", "description": "Постоянный", "social": {}, "chats_count": 8, **visitor},
        "department": {"id": 181, "name": "Отдел Ивана"},
        "session": {"geoip": {"country": "Russia", "country_code": "RU", "city": "Казань"}},
        "page": {"url": "https://example.com/", "title": "Студия Анны"},
        **rest,
    }


_JIVO_CASES = (
    json_case(
        "a call: the agent comes first in no case",
        JIVO,
        {
            "agent": _JIVO_AGENT,
            **_jivo(
                "call_event",
                {"name": "Анна Ким", "phone": "+79990009572"},
                call={"type": "callback", "phone": "+79990009572", "status": "end"},
            ),
        },
        by_phone("Анна Ким", "+79990009572"),
    ),
    json_case(
        "the end of a chat: the list of agents is no list of leads",
        JIVO,
        _jivo(
            "chat_finished",
            {"name": "Анна Ким", "phone": "89990009573"},
            agents=[_JIVO_AGENT, {"id": "3600", "name": "Пётр", "phone": "+79990008873"}],
        ),
        by_phone("Анна Ким", "+79990009573"),
    ),
    json_case(
        "the visitor left no phone",
        JIVO,
        _jivo("chat_finished", {"name": "Анна", "email": "anna@example.com"}, agents=[_JIVO_AGENT]),
    ),
)

# https://api.manychat.com/swagger: Full Contact Data
MANYCHAT = "ManyChat"


def _manychat(**contact: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "key": "user:79990008874",
        "id": "79990008874",
        "page_id": "88005553535",
        "first_name": "Anna",
        "last_name": "Kim",
        "name": "Anna Kim",
        "locale": "en_US",
        "last_input_text": "Ask Oleg",
        "live_chat_url": "https://manychat.com/fb1/chat/79990008874",
        "ig_id": 79990008875,
        "ig_username": "anna.kim",
        "phone": None,
        "email": None,
        "whatsapp_phone": None,
        "optin_phone": False,
        "custom_fields": [],
        **contact,
    }


_MANYCHAT_CASES = (
    json_case(
        "a phone beside a username of Instagram",
        MANYCHAT,
        _manychat(phone="+79990009574", ig_username="anna_k"),
        by_phone("Anna Kim", "+79990009574"),
    ),
    json_case(
        "only the phone of WhatsApp",
        MANYCHAT,
        _manychat(whatsapp_phone="+79990009575"),
        by_phone("Anna Kim", "+79990009575"),
    ),
    json_case("only the username of Instagram", MANYCHAT, _manychat(ig_username="anna_k")),
    json_case(
        "a field of the owner about Telegram",
        MANYCHAT,
        _manychat(custom_fields=[{"id": 11, "name": "telegram", "type": "text", "value": "anna_k"}]),
        by_username("Anna Kim", "anna_k"),
    ),
)

# https://docs.chatfuel.com: JSON API plugin
CHATFUEL = "Chatfuel"
_CHATFUEL_CASES = (
    query_case(
        "the attributes of a person in the query",
        CHATFUEL,
        {
            "messenger user id": "1773283139382994",
            "chatfuel user id": "79990008876",
            "first name": "Анна",
            "last name": "Ким",
            "last visited block name": "Вопрос Олегу",
            "profile pic url": "https://example.com/1.jpg",
            "phone number": "+7 999 000 95 76",
        },
        by_phone("Анна Ким", "+79990009576"),
    ),
)

# https://docs.n8n.io/integrations/builtin/core-nodes/n8n-nodes-base.webhook/
N8N = "n8n"
_N8N_ITEM = {
    "headers": {"host": "n8n.example.com", "user-agent": "Tilda", "x-forwarded-for": "203.0.113.42"},
    "params": {},
    "query": {"utm_source": "telegram"},
    "body": {
        "Name": "Анна Ким",
        "Phone": "+7 (999) 000-95-77",
        "tranid": "1:79990008877",
        "formname": "Олег",
    },
    "webhookUrl": "https://n8n.example.com/webhook/79990008878",
    "executionMode": "production",
}
_N8N_CASES = (
    json_case("the item of the webhook node", N8N, _N8N_ITEM, by_phone("Анна Ким", "+79990009577")),
    json_case("a list of one item", N8N, [_N8N_ITEM], by_phone("Анна Ким", "+79990009577")),
)

# https://apps.make.com/gateway and https://apps.make.com/json: an array of bundles
_MAKE_CASES = (
    json_case(
        "an array of bundles",
        "Make",
        [
            {"name": "Анна", "phone": "89990009578", "__IMTINDEX__": 1, "__IMTLENGTH__": 2},
            {"name": "Олег", "telegram": "oleg_b1", "__IMTINDEX__": 2, "__IMTLENGTH__": 2},
        ],
        by_phone("Анна", "+79990009578"),
        by_username("Олег", "oleg_b1"),
    ),
)

# https://help.zapier.com, Webhooks by Zapier: without Unflatten, __ joins the levels
_ZAPIER_CASES = (
    form_case(
        "joined keys",
        "Zapier",
        {
            "lead__assigned_to__name": "Олег Смирнов",
            "lead__assigned_to__phone": "+79990008879",
            "lead__contact__full_name": "Анна Ким",
            "lead__contact__phone": "+79990009579",
            "zap_id": "79990008880",
        },
        by_phone("Анна Ким", "+79990009579"),
    ),
)

# https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
SNS = "Amazon SNS"
_SNS_COMMON = {
    "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
    "TopicArn": "arn:aws:sns:eu-central-1:799900088812:leads",
    "Timestamp": "2026-02-03T16:16:51.453Z",
    "SignatureVersion": "1",
    "Signature": "EXAMPLEw6JRN==",
}


def _sns(title: str, message: dict[str, str], *leads: Any) -> Case:  # noqa: ANN401 - Expected
    case = json_case(title, SNS, {**_SNS_COMMON, **message}, *leads)
    return case._replace(content_type="text/plain; charset=UTF-8")


_SNS_CASES = (
    _sns(
        "the message is JSON in JSON",
        {
            "Type": "Notification",
            "Subject": "Новая заявка для Марии",
            "Message": json.dumps({"name": "Анна Ким", "phone": "+79990009580"}, ensure_ascii=False),
        },
        by_phone("Анна Ким", "+79990009580"),
    ),
    _sns(
        "the confirmation of a subscription",
        {
            "Type": "SubscriptionConfirmation",
            "Token": "2336412f37fb687f5d51e6e241d09c805a5a57b30d712f794cc5f6a988666d92",
            "Message": "You have chosen to subscribe to the topic leads.",
            "SubscribeURL": "https://sns.eu-central-1.amazonaws.com/?Action=ConfirmSubscription",
        },
    ),
)

# https://docs.zernio.com, docs.rs/crate/late: WebhookPayloadLead
_ZERNIO_CASES = (
    json_case(
        "answers in a map",
        "Zernio",
        {
            "event": "lead.received",
            "lead": {
                "id": "65f1c0",
                "leadgen_id": "668610767661082",
                "form_id": "447333180259108",
                "form_name": "Anna's form",
                "ad_id": None,
                "fields": {"full_name": "Lena Roth", "phone_number": "+4915123456789"},
                "is_organic": True,
            },
        },
        by_phone("Lena Roth", "+4915123456789"),
    ),
)

CASES = (
    *_ROISTAT_CASES,
    *_JIVO_CASES,
    *_MANYCHAT_CASES,
    *_CHATFUEL_CASES,
    *_N8N_CASES,
    *_MAKE_CASES,
    *_ZAPIER_CASES,
    *_SNS_CASES,
    *_ZERNIO_CASES,
)
