"""Classifies failed calls by what providers say: codes, types and words first, the HTTP status last. Pure.

Collected from OpenAI, Azure, DeepSeek, OpenRouter, Mistral, Gemini, GigaChat (gpt2giga), LiteLLM, vLLM,
Ollama, llama.cpp, and resellers that run one-api or new-api.
"""

import re
from enum import StrEnum

from worker.assistant.error_bodies import ErrorBody


class FailureKind(StrEnum):
    """Whom or what a failed call concerns."""

    # These messages: the same call fails again, for this person only.
    INPUT = "input"
    # This lead: the call is tried again and counted.
    LEAD = "lead"
    # Everybody, until the owner acts.
    KEY = "key"
    MONEY = "money"
    COUNTRY = "country"
    MODEL = "model"
    WIRE_FORM = "wire form"
    # Everybody, for some time.
    RATE = "rate"
    OUTAGE = "outage"
    # No answer in time: this lead, unless others get none either.
    SLOW = "slow"


def _any_of(*patterns: str) -> re.Pattern[str]:
    """Return one pattern for words in lower case; repetitions are bounded, since servers send any text."""
    return re.compile("|".join(patterns))


_ACCOUNT_CLOSED = _any_of(
    r"account (?:\w+ ){0,6}(?:flagged|deactivated|suspended|banned|disabled|blocked|terminated)",
    r"account_deactivated",
    r"no_organization",
)
_MONEY_CODES = _any_of(
    r"insufficient[ _]?(?:user_)?(?:quota|balance|credit|fund|resource)",
    r"credit[ _]balance",
    r"billing_(?:hard|not)",
    r"budget_exceeded",
    r"exceeded ?budget",
    r"budget has been exceeded",
    r"crossed budget",
    r"over budget",
    r"payment[ _]required",
    r"quota is not enough",
    r"quota_failed",
    r"quota failed",
    r"more credits",
    r"key limit exceeded",
    r"limit_source=openrouter_(?:credits|key)",
    r"balance (?:is )?(?:too low|exhausted|not enough|insufficient)",
    r"(?:out of|not enough|no|never purchased) credits?\b",
    r"monthly limit",
    r"spending limit",
    r"arrearage",
    r"余额",
    r"额度不足",
    r"额度已",
    r"欠费",
    r"недостаточно (?:средств|токенов|баланса)",
    r"закончил\w+ (?:токены|средства|баланс)",
    r"пополните",
    r"баланс\w* (?:исчерпан|недостаточ)",
    r"лимит токенов исчерпан",
)
_LOOSE_MONEY = _any_of(
    r"exceeded your current quota",
    r"quota (?:exceeded|exhausted)",
    r"billing",
    r"top[ -]?up",
    r"recharge",
    r"purchase",
)
_COUNTRY = _any_of(
    r"unsupported_country",
    r"\bcountry\b",
    r"location is not supported",
    r"user location",
    r"territory",
    r"not (?:supported|available) in (?:your|this|the) (?:region|area|location)",
    r"\bregion\b.{0,40}\bnot (?:supp|avai)",
    r"sorry, you have been blocked",
    r"attention required",
    r"error(?: code)?:? 10(?:09|20)\b",
    r"вашем регионе",
    r"вашей стране",
)
_KEY = _any_of(
    r"(?:invalid|incorrect|expired|missing|no|wrong|malformed)[ _](?:\w+[ _])?"
    r"(?:api[ _-]?key|auth|token\b|credential)",
    r"api[ _-]?key.{0,30}(?:not valid|invalid|expired|disabled|missing|not found|required|revoked)",
    r"api_key_invalid",
    r"unauthori[sz]ed",
    r"unauthenticated",
    r"authentication",
    r"invalid_token",
    r"token .{0,30}expired",
    r"token_expired",
    r"(?:invalid|wrong) subscription key",
    r"user not found",
    r"无效的令牌",
    r"令牌已过期",
    r"неверный ключ",
)
_FILTER = _any_of(
    r"content[ _]?(?:filter|policy|management)",
    r"contentpolicy",
    r"responsibleai",
    r"moderation",
    r"\bflagged\b",
    r"safety (?:system|filter|reason|setting)",
    r"=safety\b",
    r"prohibited_content",
    r"blocklist",
    r"data_inspection",
    r"inappropriate",
    r"content exists risk",
    r"(?:sensitive|unsafe|harmful) (?:content|word)",
    r"sensitive_",
    r"usage polic",
    r"invalid_prompt",
    r"blacklist",
    r"敏感",
    r"违规",
)
_TOO_LONG = _any_of(
    r"context[ _](?:length|window|size)",
    r"maximum context",
    r"exceed_context",
    r"prompt is too long",
    r"too many (?:input )?tokens",
    r"(?:input|prompt|request|message)\w* (?:is |are )?too (?:long|large)",
    r"string_too_long",
    r"string_above_max_length",
    r"reduce the length",
    r"payload too large",
    r"entity too large",
    r"token_limit_exceeded",
    r"too_long",
    r"contextwindow",
    r"(?:input|prompt) (?:length|tokens?)\b.{0,60}exceed",
    r"exceeds? the (?:maximum|max|model|available|limit).{0,40}token",
)
_FORM = _any_of(
    r"response_format",
    r"response format",
    r"json_schema",
    r"json_object",
    r"json schema",
    r"text\.format",
    r"additionalproperties",
    r"max_completion_tokens",
    r"max_output_tokens",
    r"max_tokens",
    r"extra_forbidden",
    r"extra inputs",
    r"unsupportedparams",
    r"(?:unsupported|unknown|unrecognized|unexpected|unpermitted)[ _](?:\w+[ _])?"
    r"(?:param|field|argument|value|keyword|key\b)",
    r"structured.?output",
    r"\bnot of type\b",
    r"must be (?:a |an |of )?(?:type|string|array|object|one of)",
    r"expected (?:a |an )?(?:string|array)",
    r"\bgrammar\b",
    r"word 'json'",
    r"input\[\d+\]",
    r"item type",
    r"'type' (?:of|field|is)",
    r"invalid schema",
    r"invalid_json_schema",
    r"does not support (?:\w+ ){0,4}(?:schema|format|parameter|json|tool|system|store)",
    r"failed to deserialize",
    r"\bstore\b.{0,40}not (?:supp|perm)",
    r"instructions.{0,40}not supp",
)
_MODEL = _any_of(
    r"model_not_found",
    r"model_not_supported",
    r"invalid_model",
    r"unknown model",
    r"invalid model",
    r"no such model",
    r"not a valid model",
    r"\bmodels?\b.{0,100}(?:not (?:found|exist|available|supported|allowed)|unknown|no longer)",
    r"try pulling",
    r"deploymentnotfound",
    r"deployment.{0,60}not exist",
    r"no endpoints",
    r"access to (?:the )?model",
    r"be verified",
    r"no available channel",
    r"无可用渠道",
    r"模型不存在",
    r"decommissioned",
    r"more system memory",
    r"модел\w+ не (?:найден|поддерж)",
)
_FORBIDDEN = _any_of(r"api[ _-]?key", r"permission", r"\btoken\b", r"credential", r"not allowed")
_RATE = _any_of(
    r"rate[ _-]?limit",
    r"too[ _-]many[ _-]requests",
    r"resource_exhausted",
    r"throttl",
    r"capacity[ _]exceeded",
    r"quota.{0,20}per",
    r"no deployments available",
    r"slow_down",
    r"concurren\w+.{0,20}(?:limit|exceed)",
    r"rate_limited",
)
_OVERLOAD = _any_of(
    r"overload",
    r"unavailable",
    r"loading model",
    r"bad gateway",
    r"timed? ?out",
    r"try again later",
    r"internal server",
)
_KEY_STATUSES = frozenset({200, 400, 403, 404, 422, 500, 502, 503})
_FORM_STATUSES = frozenset({400, 404, 405, 415, 422, 500, 501})


def _has(pattern: re.Pattern[str], words: str) -> bool:
    return pattern.search(words) is not None


def classify(status: int, body: ErrorBody, *, asks_to_wait: bool = False) -> FailureKind:
    """Return the kind of a failed call; `asks_to_wait`: the answer says when to try again.

    `status` is the HTTP status. A code in the body counts instead if the status says no more than success,
    a bad request or a broken server: proxies answer 200, 400 or 500 for whatever they got.
    """
    if body.code is not None and status in {200, 400, 500, 502}:
        status = body.code
    return (
        _account(status, body.words, asks_to_wait=asks_to_wait)
        or _request(status, body.words)
        or _by_status(status, body)
    )


def _account(status: int, words: str, *, asks_to_wait: bool) -> FailureKind | None:
    """Return the kind of a failure that concerns the account, or a rate limit; None for others."""
    if _has(_ACCOUNT_CLOSED, words):
        return FailureKind.KEY
    if status == 402 or _has(_MONEY_CODES, words):
        return FailureKind.MONEY
    if status == 429 and not _has(_TOO_LONG, words):
        is_limit = asks_to_wait or _has(_RATE, words) or not _has(_LOOSE_MONEY, words)
        return FailureKind.RATE if is_limit else FailureKind.MONEY
    if _has(_COUNTRY, words):
        return FailureKind.COUNTRY
    if status in {401, 407}:
        return FailureKind.KEY
    return None


def _request(status: int, words: str) -> FailureKind | None:
    """Return the kind of a failure that concerns the request: its content, its form or its model."""
    if status == 413 or _has(_FILTER, words) or _has(_TOO_LONG, words):
        return FailureKind.INPUT
    if _has(_KEY, words) and status in _KEY_STATUSES:
        return FailureKind.KEY
    if status in _FORM_STATUSES and _has(_FORM, words):
        return FailureKind.WIRE_FORM
    if _has(_MODEL, words):
        return FailureKind.MODEL
    return FailureKind.RATE if _has(_RATE, words) else None


def _by_status(status: int, body: ErrorBody) -> FailureKind:
    if status in {404, 405, 501}:
        return FailureKind.WIRE_FORM
    if status == 403:
        if _has(_LOOSE_MONEY, body.words):
            return FailureKind.MONEY
        return FailureKind.KEY if _has(_FORBIDDEN, body.words) else FailureKind.COUNTRY
    if status == 408:
        return FailureKind.SLOW
    if status < 400 or status >= 500 or status in {409, 425, 499}:
        return FailureKind.OUTAGE
    return FailureKind.OUTAGE if _has(_OVERLOAD, body.words) else FailureKind.LEAD
