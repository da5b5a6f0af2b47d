"""Reads the error bodies of model servers: codes, words, and the sentence for the owner. Pure.

The shapes differ: `{"error": {…}}`, a list of them, `{"detail": …}`, `{"message": …, "code": …}`, and the
answer of another server as text inside `metadata.raw` or inside a message.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from shared.logging_setup import mask_phones
from worker.assistant.cleaning import clean_line, clean_number

MAX_SENTENCE_LENGTH = 160
# No pattern sees more of a sentence.
_MAX_RAW_LENGTH = 1_000
_MAX_WORDS_LENGTH = 4_000
_MAX_DEPTH = 6
# These repeat what was sent: a person's words must not decide how an error is read, nor reach a log.
_ECHOES = frozenset(
    {
        "input",
        "input_value",
        "flagged_input",
        "messages",
        "prompt",
        "request",
        "body",
        "content",
        "user_id",
        "failed_generation",
    }
)
# The same inside a sentence: pydantic's `input_value='…'`, vLLM's `'input': {…}`, and the text of the model
# that llama.cpp could not parse.
_ECHO = re.compile(
    r"""['"]?\b(?:(?:flagged_)?input(?:_value)?|messages|prompt|failed_generation)['"]?\s?[=:]\s?['"{\[].*
    | ['"]?\bcontent['"]?\s?[=:]\s?['"].*
    | (?<=\ at\ pos\ )\d{1,9}:.*""",
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)
_CODES = ("code", "status", "status_code", "statuscode", "http_status", "raw_status_code")
_SENTENCES = ("raw", "message", "error_message", "msg", "detail", "error", "error_description", "title")
_GENERIC = re.compile(
    r"(?:provider|upstream) returned (?:an )?error|^(?:error|bad request|none|null)?\.?$", re.I
)
_SECRETS = re.compile(
    r"""\b(?:sk|pk|rk|fk|gsk|key|org|proj|req|request|user|chatcmpl|resp|trace)[-_][\w*.•…-]{6,}
    | \bAIza[\w-]{10,} | \bBearer\s+\S+ | \b(?:eyJ|ya29\.)[\w.-]{10,}
    | (?<=key\ provided:\ )\S+ | (?<=[?&]key=)[^&\s]+ | [\w.+-]{1,64}@[\w-]{1,64}\.[\w.]+
    | (?<![\w-])(?=[\w-]{0,200}\d)[\w-]{24,}\b""",
    re.VERBOSE | re.IGNORECASE,
)
_REQUEST_IDS = re.compile(
    r"[(\[]?\s{0,9}(?:request|trace)[\s_-]?id:?\s{0,9}[\w-]*\s{0,9}[)\]]?\.?", re.IGNORECASE
)
_PREFIXES = re.compile(r"^(?:(?:litellm\.)?\w+(?:Error|Exception)(?:\s*-)?:?\s*)+")
_TAILS = re.compile(
    r"\s{0,9}(?:Received Model Group=|Available Model Group|Traceback \(most recent).*", re.DOTALL
)
_TAGS = re.compile(r"<(?:style|script)\b.*?</(?:style|script)>|<[^>]{0,500}>", re.DOTALL | re.IGNORECASE)
_URLS = re.compile(r"https?://\S+")
_HTML = re.compile(r"\s*<(?:!doctype|html|head|body)", re.IGNORECASE)


@dataclass(frozen=True)
class ErrorBody:
    """What an error body says.

    `code`: the first number of a status, 400 to 599. `words`: all codes, types and sentences in lower case.
    `sentence`: the provider's own sentence for the owner, without secrets. `is_page`: it is a web page.
    """

    code: int | None = None
    words: str = ""
    sentence: str = ""
    is_page: bool = False


def read_error(body: bytes | str) -> ErrorBody:
    """Read the body of a failed call; any bytes are accepted."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return _read_text(text)
    return read_error_value(value)


def read_error_value(value: object) -> ErrorBody:
    """Read an error body that is parsed already."""
    pairs = list(_walk(value))
    words = _lower(" ".join(f"{key}={text[:_MAX_RAW_LENGTH]}" for key, text in pairs))
    codes = (clean_number(text) for key, text in pairs if key in _CODES)
    code = next((int(number) for number in codes if number is not None and 400 <= number < 600), None)
    sentences = [text for key, text in pairs if key in _SENTENCES and text.strip()]
    best = next((text for text in sentences if not _GENERIC.search(text.strip())), "")
    # FastAPI's and Mistral's sentence does not name the field: "Extra inputs are not permitted".
    field = next((text for key, text in reversed(pairs) if key == "loc"), None)
    best = f"{best}: {field}" if best and field and field not in best else best
    return ErrorBody(code, words, clean_sentence(best or next(iter(sentences), "")))


def clean_sentence(text: str) -> str:
    """Return a sentence of the provider as one short line without keys, ids, addresses and phones."""
    text = _TAILS.sub("", _PREFIXES.sub("", text.strip()[:_MAX_RAW_LENGTH]))
    text = _SECRETS.sub("…", _REQUEST_IDS.sub("", text))
    return clean_line(mask_phones(text), MAX_SENTENCE_LENGTH)


def _read_text(text: str) -> ErrorBody:
    is_page = _HTML.match(text) is not None
    bare = " ".join(_ECHO.sub("", _TAGS.sub(" ", text[: _MAX_WORDS_LENGTH * 4])).split())
    return ErrorBody(None, _lower(bare), clean_sentence(bare), is_page)


def _lower(words: str) -> str:
    # Addresses are left out: the one of a rate limit leads to a page about billing.
    return _URLS.sub("", words).lower()[:_MAX_WORDS_LENGTH]


def _walk(value: object, key: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Yield keys and texts, outer ones first, also from JSON inside a text; echoes are left out."""
    if depth > _MAX_DEPTH or key in _ECHOES:
        return
    if isinstance(value, Mapping):
        for name in sorted(value, key=lambda name: isinstance(value[name], Mapping | list)):
            yield from _walk(value[name], str(name).lower(), depth + 1)
    elif isinstance(value, Sequence) and not isinstance(value, str | bytes):
        for item in list(value)[:20]:
            yield from _walk(item, key, depth + 1)
    elif isinstance(value, str):
        inside, around = _split(value)
        if inside is not None:
            yield from _walk(inside, key, depth + 1)
        yield key, around
    elif value is not None:
        yield key, str(value)


def _split(text: str) -> tuple[object, str]:
    """Return the JSON value inside a text, and the text around it, without echoes.

    The value is another server's answer, as in `metadata.raw`; None if there is none.
    """
    starts = [place for place in (text.find("{"), text.find("[")) if place >= 0]
    end = max(text.rfind("}"), text.rfind("]"))
    echo = _ECHO.search(text)
    if starts and end >= 0 and (echo is None or echo.start() > min(starts)):
        try:
            value: object = json.loads(text[min(starts) : end + 1])
        except (ValueError, RecursionError):
            value = None
        # The list of "messages[3] is too long" is no answer.
        parts = value if isinstance(value, list) else [value]
        if any(isinstance(part, dict) for part in parts):
            return value, f"{text[: min(starts)]} {text[end + 1 :]}"
    return None, text[: echo.start()] if echo is not None else text
