"""Pure: recognises an object that describes one field, such as `{"name": "Phone", "value": "+7…"}`."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from api.forms.body.json_text import looks_like_json
from api.forms.envelopes.form_tree import MAX_DEPTH, decoded
from api.forms.fields import Field
from api.forms.recognition.field_meaning import PhoneRule, UsernameRule
from api.forms.recognition.field_rules import meaning_of_field
from api.forms.recognition.other_parties import words_of
from api.forms.recognition.vocabulary import meaning_of

# The names of an object's keys, as `_plain` returns them, in the order of preference.
_KEYS = (
    *("name", "key", "field", "fieldname", "fieldkey", "fieldcode", "param", "paramname", "parameter"),
    *("property", "attribute", "variable", "slug", "alias", "inputname", "q", "k", "code", "columnid"),
    *("fieldid", "ref", "id"),
)
_LABELS = (
    *("label", "title", "question", "fieldlabel", "columnname", "caption", "prompt", "text", "header"),
    *("questiontext", "questiontitle", "вопрос", "название"),
)
_VALUES = (
    *("value", "values", "answer", "val", "fieldvalue", "paramvalue", "stringvalue", "uservalue"),
    *("response", "answers", "a", "v", "result", "entered", "raw", "answertext", "fieldcontent", "reply"),
    *("ответ", "значение"),
)
_ANSWERS = ("answer", "response")
_TYPES = (
    *("valuetype", "type", "kind", "fieldtype", "questiontype", "inputtype", "columntype", "typeid"),
    *("code", "fieldcode"),
)
# A phone in parts: {"area": "999", "phone": "1234567"}.
_AREA = ("countrycode", "country", "areacode", "area", "prefix")
_LOCAL = ("phone", "number", "phonenumber", "line")
# A title, and a type.
Title = tuple[str, str]
_TITLES = ("title", "label", "question", "name")
# The list of a question's parts.
_PARTS = frozenset({"subfields", "inputs"})
# Objects with the title of each field by its key.
_TITLE_LISTS = frozenset({"labels", "titles", "captions", "headers", "fieldlabels", "fieldtitles"})
_KNOWN = frozenset([*_KEYS, *_LABELS, *_VALUES, *_TYPES])
_MAX_KEYS = 16
_MAX_TITLE = 100
_MAX_CACHED = 40


def described_field(item: Mapping[str, Any], key: str = "") -> Field | None:
    """Return the field that an object describes; None if it describes none.

    `key`: the object's own key, which names the field if nothing in the object does.
    """
    if not 1 < len(item) <= _MAX_KEYS and not (key and len(item) == 1):
        return None
    lowered = {_plain(name): value for name, value in item.items()}
    kind = _first_text(lowered, _TYPES)
    value_keys = [name for name in lowered if name in _VALUES]
    if not value_keys:
        answers = {name: _answer_in(value) for name, value in lowered.items() if _holds_answer(name, value)}
        lowered |= answers
        value_keys = [*answers]
    # Typeform: {"type": "phone_number", "phone_number": "+7…", "field": {…}}
    if not value_keys and _plain(kind) in lowered:
        value_keys = [_plain(kind)]
    if not value_keys:
        return None
    if any(_tells_person(name) for name in lowered if name not in _KNOWN and name not in value_keys):
        return None
    value_key = min(value_keys, key=lambda name: _VALUES.index(name) if name in _VALUES else -1)
    rest = {name: value for name, value in lowered.items() if name != value_key}
    around: dict[Any, Any] = next(
        (rest[name] for name in ("field", "question") if isinstance(rest.get(name), dict)), {}
    )
    inner: dict[str, Any] = {_plain(str(name)): value for name, value in around.items()}
    name = _first_text(rest, _KEYS) or _first_text(inner, _KEYS)
    label = _first_text(rest, _LABELS) or _first_text(inner, _LABELS)
    if not (name or label or kind) and (not key or (not rest and value_key not in {"value", "values"})):
        return None
    value = _value(lowered[value_key])
    if isinstance(value, Mapping) or _holds_objects(value):
        return None
    if key and not (name or label):
        name = key if not key.isdecimal() else kind or key
    elif key and name and not label:
        name = name if key.isdecimal() else key
    return Field(name or label or kind, value, label, kind or _first_text(inner, _TYPES))


def named_values(items: list[Any]) -> list[Any]:
    """Return a list of names and values under keys that say nothing, such as `name` and `data`, with the
    keys `name` and `value`; every other list as it is.

    The names are the one of two columns of texts that has no text twice, and mostly known words.
    """
    if len(items) < 2 or not all(isinstance(item, dict) and 1 < len(item) <= _MAX_KEYS for item in items):
        return items
    texts = {key: [item[key] for item in items] for key in items[0] if all(key in item for item in items)}
    texts = {key: cells for key, cells in texts.items() if all(isinstance(cell, str) for cell in cells)}
    if len(texts) != 2 or any(map(_tells_person, texts)) or any(map(described_field, items)):
        return items
    named = next((key for key, cells in texts.items() if _are_names(cells)), None)
    if named is None:
        return items
    (valued,) = texts.keys() - {named}
    return [{"name": item[named], "value": item[valued]} for item in items]


def _are_names(cells: list[str]) -> bool:
    """Return True if the texts can be the names of a form's fields, and one asks for a contact."""
    if len(set(cells)) < len(cells) or not all(any(map(str.isalpha, cell)) for cell in cells):
        return False
    known = [any(map(meaning_of, words_of(cell[:_MAX_TITLE]))) for cell in cells]
    return 2 * sum(known) > len(cells) and any(_tells_person(cell[:_MAX_TITLE]) for cell in cells)


def _plain(name: str) -> str:
    """Return a key in lower case without `_`: `fieldName` and `field_name` are the same."""
    return _plain_of_short(name) if len(name) <= _MAX_CACHED else name.strip().casefold().replace("_", "")


@lru_cache(maxsize=1024)
def _plain_of_short(name: str) -> str:
    return name.strip().casefold().replace("_", "")


def titles_of(value: Any, around: str = "", depth: int = 0) -> dict[str, Title]:  # noqa: ANN401 - JSON
    """Return the titles and types of questions that are defined apart from their answers, by id.

    `around`: the title of the question whose parts are in the list `value`: "Name" of "First".
    """
    if isinstance(value, str):
        value = decoded(value)
    found: dict[str, Title] = {}
    if depth > MAX_DEPTH:
        return found
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict) and (definition := _definition(item, around)):
                found |= definition
            if _may_define(item):
                found |= titles_of(item, depth=depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if _may_define(item):
                found |= _titles_at(_plain(key), item, value, depth)
    return found


def _titles_at(key: str, item: Any, tree: Mapping[str, Any], depth: int) -> dict[str, Title]:  # noqa: ANN401 - JSON
    """Return the titles in `item`, which is at `key` of `tree`."""
    if key in _TITLE_LISTS and isinstance(item, dict):
        return {name: (title, "") for name, title in item.items() if isinstance(title, str)}
    around = ""
    if key in _PARTS:
        around = _first_text({_plain(name): value for name, value in tree.items()}, _TITLES)
    return titles_of(item, around, depth + 1)


def _may_define(value: object) -> bool:
    return looks_like_json(value) if isinstance(value, str) else isinstance(value, dict | list)


def _definition(item: Mapping[str, Any], around: str) -> dict[str, Title] | None:
    """Return the title and type of a question without an answer, by its ids; None for other objects."""
    lowered = {_plain(name): value for name, value in item.items()}
    if not lowered.keys().isdisjoint(_VALUES):
        return None
    ids = [text for name in ("id", "ref", "key") if (text := _text_of(lowered.get(name)))]
    title = _first_text(lowered, _TITLES)
    if not ids or not title:
        return None
    return dict.fromkeys(ids, (f"{around} {title}".strip(), _first_text(lowered, _TYPES)))


def phone_in_parts(item: Mapping[str, Any], key: str) -> Field | None:
    """Return the phone whose area code and number are apart; None for other objects."""
    lowered = {_plain(name): value for name, value in item.items()}
    local = _first_text(lowered, _LOCAL)
    if not local or not lowered.keys() <= {*_AREA, *_LOCAL, "full", "ext", "extension"} or len(lowered) < 2:
        return None
    area = [text for name in _AREA if (text := str(lowered.get(name) or "").strip())]
    whole = _first_text(lowered, ("full",)) or " ".join([*area, local])
    return Field(key, whole, kind="phone")


def without_list(tree: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return `tree` without the list of people at `key`, at whatever depth."""
    return {
        name: without_list(item, key) if isinstance(item, dict) else item
        for name, item in tree.items()
        if name.strip().casefold() != key
    }


def _tells_person(key: str) -> bool:
    """Return True if a key names a contact: then the object is a person, and no description of a field."""
    meaning = meaning_of_field(key[:_MAX_TITLE])
    return meaning.phone > PhoneRule.NUMBER or meaning.username >= UsernameRule.PLAIN


def _first_text(item: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((text for name in names if name in item and (text := _text_of(item[name]))), "")


def _text_of(value: Any) -> str:  # noqa: ANN401 - JSON
    """Return a text, a number as a text, or the first text of `{"ru": "Имя", "en": "Name"}`."""
    if isinstance(value, dict) and value and all(len(language) == 2 for language in value):
        value = next(iter(value.values()))
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() if isinstance(value, str) else ""


def _value(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the value; of a list of objects with a `value` each, and of a list of one, what is in it."""
    if isinstance(value, list):
        inner = [item["value"] if isinstance(item, dict) and _is_bare_value(item) else item for item in value]
        return inner[0] if len(inner) == 1 else inner
    return value


def _holds_answer(key: str, value: object) -> bool:
    """Return True for LinkedIn's `"answerDetails": {"textQuestionAnswer": {"answer": "+7…"}}`."""
    return key.startswith(_ANSWERS) and isinstance(value, dict) and len(value) == 1


def _answer_in(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return what is in objects of one key each."""
    while isinstance(value, dict) and len(value) == 1:
        (value,) = value.values()
    return value


def _is_bare_value(item: Mapping[str, Any]) -> bool:
    """Return True for a value without a name, as in `[{"value": "+7…", "enum": "WORK"}]`."""
    return "value" in item and not any(name in item for name in ("name", "key", "label", "title", "question"))


def _holds_objects(value: object) -> bool:
    return isinstance(value, list) and any(isinstance(item, dict | list) for item in value)
