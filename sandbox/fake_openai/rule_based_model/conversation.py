"""Reads the prompt: the lead's last messages, and the card that describes the lead."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.fake_openai.turn import Message

KEYS: dict[str, str] = {
    **dict.fromkeys(("имя", "name", "клиент", "лид", "контакт", "как вас зовут", "ваше имя"), "name"),
    **dict.fromkeys(("компания", "company", "название компании", "company_name"), "company"),
    **dict.fromkeys(
        ("заявка", "запрос", "текст заявки", "задача", "вопрос", "что написал", "текст"), "request"
    ),
    **dict.fromkeys(("сообщение", "комментарий", "комментарии", "request", "message"), "request"),
    **dict.fromkeys(("comment", "comments", "textarea"), "request"),
}
CARD_LINE = re.compile(
    r"^[ \t]*[-*•]?[ \t]*\**(?P<key>[А-Яа-яЁёA-Za-z_ ]{2,30})\**[ \t]*[:：]\**[ \t]*(?P<value>.*)$"
)
NEW_MESSAGES = re.compile(
    r"^(?:[^\n]{0,40}\b(?:нов\w+ сообщени\w+|сообщени[ея]|ответ\w*|пишет|написал\w*|"
    r"messages?|reply|replies)\b[^\n]{0,40}):[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)
# The prompt tells that the lead has not confirmed the request: nothing about it may be said.
UNCONFIRMED = re.compile(r"^Заявка не подтверждена:", re.MULTILINE)
# A later form of the same contact, next to its messages or below the card of the first form.
NEW_REQUEST = re.compile(r"<new_request>(.*?)</new_request>", re.DOTALL)
NOT_GIVEN = re.compile(r"не указан[оа]?|нет|none|null|-|—", re.IGNORECASE)
TAG = re.compile(r"</?(?!new_request\b)[\w-]+(?: [^<>]*)?>")
TEXT_KEYS = ("new_messages", "messages", "message", "text", "reply", "said")


@dataclass(frozen=True)
class Lead:
    """What the prompt contains about the lead; any field may be empty."""

    name: str = ""
    company: str = ""
    request: str = ""
    further: tuple[str, ...] = ()


def last_messages(messages: list[Message]) -> str:
    """Return the lead's messages since the assistant's last message, else the lead's last message."""
    trailing: list[str] = []
    for message in reversed(messages):
        if message.role == "assistant" and trailing:
            break
        if message.role == "user":
            trailing.insert(0, message.text)
            if NEW_MESSAGES.search(message.text):
                # The prompt marks the beginning of the new messages.
                break
    said = [text for text in trailing if not _is_card(text)] or trailing
    return "\n".join(unwrap_message(text) for text in said)


def unwrap_message(text: str) -> str:
    """Return the lead's own text from a message that may wrap it in tags, JSON or a header line."""
    loaded = _load_json(text)
    if isinstance(loaded, dict):
        found = next((loaded[key] for key in TEXT_KEYS if loaded.get(key)), None)
        if found is not None:
            return _joined(found)
    headers = list(NEW_MESSAGES.finditer(text))
    tail = text[headers[-1].end() :] if headers else ""
    return TAG.sub(" ", tail if tail.strip() else text).strip()


def is_unconfirmed(messages: list[Message]) -> bool:
    """Return True if the lead has not confirmed yet that they left the request."""
    users = [message.text for message in messages if message.role == "user"]
    return bool(users) and UNCONFIRMED.search(users[-1]) is not None


def read_lead(text: str) -> Lead:
    """Return the lead that a message describes, in lines `Имя: …` or as JSON."""
    further, text = tuple(new_requests(text)), NEW_REQUEST.sub("", text)
    loaded = _load_json(text)
    fields = _from_json(loaded) if isinstance(loaded, dict) else _from_lines(TAG.sub("", text))
    return Lead(**{key: value.strip() for key, value in fields.items()}, further=further)


def new_requests(text: str) -> list[str]:
    """Return the requests of later forms that a message contains."""
    return [read_lead(form).request or form.strip() for form in NEW_REQUEST.findall(text)]


def _joined(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(_joined(item) for item in value)
    if isinstance(value, dict):
        return next((str(value[key]) for key in TEXT_KEYS if value.get(key)), "")
    return str(value)


def _load_json(text: str) -> object:
    start, end = text.find("{"), text.rfind("}")
    try:
        return json.loads(text[start : end + 1]) if 0 <= start < end else None
    except ValueError:
        return None


def _from_json(loaded: Mapping[str, object]) -> dict[str, str]:
    fields: dict[str, str] = {}
    for key, value in loaded.items():
        if isinstance(value, dict):
            fields = _from_json(value) | fields
        elif (known := KEYS.get(key.lower())) and value and known not in fields:
            fields[known] = str(value)
    return fields


def _from_lines(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    current: str | None = None
    for line in text.splitlines():
        found = CARD_LINE.match(line)
        key = found["key"].strip().lower() if found else ""
        if found and key in KEYS and KEYS[key] not in fields:
            current = KEYS[key]
            fields[current] = found["value"]
        elif current == "request" and not (found and _is_other_key(found["key"])):
            fields["request"] += "\n" + line
        else:
            current = None
    return fields


def _is_other_key(key: str) -> bool:
    return len(key.split()) <= 3 and key[:1].isupper()


def _is_card(text: str) -> bool:
    lead = read_lead(text)
    return bool(lead.name and (lead.request or lead.company))
