"""The words by which the failures of model servers are told apart. Pure.

Collected from OpenAI, Azure, DeepSeek, OpenRouter, Mistral, Gemini, GigaChat, YandexGPT, Groq, Together,
LiteLLM, vLLM, Ollama, LM Studio, llama.cpp, and resellers that run one-api or new-api. All are in lower case.
"""

import re


def _any_of(*patterns: str) -> re.Pattern[str]:
    """Return one pattern for words in lower case; repetitions are bounded, since servers send any text."""
    return re.compile("|".join(patterns))


ACCOUNT_CLOSED = _any_of(
    r"(?:(?<!billing )account|organi[sz]ation|project|team|workspace)"
    r" (?:\w+ ){0,6}(?:flagged|restricted|deactivated|suspended|banned|disabled|blocked|terminated)",
    r"account_deactivated",
    r"no_organization",
)
# The account is closed because of money: it opens again with a payment.
UNPAID = _any_of(
    r"(?:suspended|disabled|blocked|restricted|deactivated)\b.{0,80}(?:spend|billing|payment|invoice|balance"
    r"|unpaid|overdue|credit)",
    r"(?:spend|payment|invoice|balance|unpaid|overdue|credit)\w{0,9}\b.{0,80}(?:suspended|disabled|blocked)",
    r"failure to pay|past[ -]due|unpaid invoice",
)
MONEY_CODES = _any_of(
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
    r"not[ _]enough[ _](?:tokens|balance|funds|money|credits)",
    r"quota_failed",
    r"quota failed",
    r"more credits",
    r"key limit exceeded",
    r"limit_source=openrouter_(?:credits|key)",
    r"balance (?:is )?(?:too low|exhausted|not enough|insufficient)",
    r"(?:out of|not enough|no|never purchased) credits?\b(?! (?:were|was|have been|will))",
    r"billing (?:account|method|profile) is (?:\w+ ){0,2}(?:active|inactive|suspended|closed|disabled)",
    r"billing (?:to be enabled|is (?:not enabled|disabled))|billing_disabled",
    r"credit[ _]limit",
    r"monthly limit",
    r"spend(?:ing)?[ _](?:limit|cap)",
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
LOOSE_MONEY = _any_of(
    r"exceeded your current quota",
    r"quota (?:exceeded|exhausted)",
    r"billing",
    r"top[ -]?up",
    r"recharge",
    r"purchase",
)
COUNTRY = _any_of(
    r"unsupported_country",
    r"\bcountry\b",
    r"location is not supported",
    r"user location",
    r"territory",
    r"not (?:supported|available) in (?:your|this|the) (?:region|area|location)",
    r"\bregion\b.{0,40}\bnot (?:supp|avai)",
    r"error(?: code)?:? 1009\b",
    r"вашем регионе",
    r"вашей стране",
)
# Firewalls refuse an address, a country, or one text, all with these words.
BLOCKED = _any_of(
    r"sorry, you have been blocked",
    r"attention required",
    r"error(?: code)?:? 1020\b",
)
KEY = _any_of(
    r"(?:invalid|incorrect|expired|missing|no|wrong|malformed)[ _](?:\w{1,20}[ _])?"
    r"(?:api[ _-]?key|auth|token\b|credential)",
    r"api[ _-]?key.{0,30}(?:not valid|invalid|expired|disabled|missing|not found|required|revoked)",
    r"api_key_invalid",
    r"unauthori[sz]ed",
    r"unauthenticated",
    r"'?authorization'? (?:header|data|field)",
    r"(?:invalid|incorrect|wrong) (?:username|user name|login|password)",
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
FILTER = _any_of(
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
    r"(?:beyond|violat\w+|against|breach\w*) (?:\w+ ){0,2}(?:terms|polic|guideline|rules)",
    r"не (?:соответству\w+|могу говорить|могу обсуждать)|этические нормы|нарушает правила"
    r"|(?:недопустим|запрещ[её]нн)\w+ (?:контент|содержани|тем)",
    r"invalid_prompt",
    r"blacklist",
    r"敏感",
    r"违规",
)
TOO_LONG = _any_of(
    r"context[ _](?:length|window|size)",
    r"maximum context",
    r"exceed_context",
    r"prompt is too long",
    r"too many (?:input )?tokens(?!,? (?:please wait|processed|per|in a))",
    r"tokens?\b.{0,60}must (?:be|not be) (?:<|less|no more|at most|more than|greater)",
    r"(?:is )?longer than the (?:max|allowed|model|context)",
    r"(?:payload|request|input|body)(?: size| length)? exceeds the",
    r"length of (?:the )?(?:prompt|input|request)",
    r"tokens? limit (?:is )?exceeded",
    r"(?:keep|load\w*)\b.{0,80}context length",
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
# Servers whose template knows no instructions of the system, or wants the two sides to take turns.
ROLES = _any_of(
    r"(?:system|developer) (?:role|message|prompt|instruction)s?\b.{0,40}"
    r"(?:not |un)(?:be )?(?:supp|enabl|allow|accept|permit)",
    r"\brole\b.{0,40}(?:not |un)(?:supp|allow|accept|permit)",
    r"(?:not |un)support\w{0,6}.{0,40}(?:\brole|'system'|\"system\"|system (?:role|message|prompt))",
    r"(?:invalid|unknown|unexpected) (?:message )?role",
    r"roles?\b.{0,40}alternat|alternat\w{1,6}\b.{0,40}\brole|alternate between",
    r"(?:successive|consecutive) (?:user|assistant|message)",
    r"(?:must|should) (?:start|begin) with (?:a |the )?'?user",
    r"first (?:message|turn|content)\b.{0,40}\buser",
    r"only (?:the )?'?user'?,? (?:and|or) '?(?:assistant|model)'?",
)
_TOO_MUCH = r"(?:too (?:large|high|big)|at most|maximum|exceed|less than|greater than|must be|range|\b<)"
# Together with a size: "Unsupported parameter: max_tokens" is about the form.
OUTPUT_LIMIT = _any_of(
    rf"\b(?:max_(?:completion_|output_|new_)?tokens|completion)\b.{{0,120}}{_TOO_MUCH}",
    rf"{_TOO_MUCH}.{{0,120}}\b(?:max_(?:completion_|output_|new_)?tokens|completion)\b",
)
FORM = _any_of(
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
    r"guided_\w+",
    r"response_schema",
    r"not supported (?:with|by) this backend",
    r"unknown name .{1,60}cannot find field",
    r"unexpected endpoint",
    r"handle the requested parameters",
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
    ROLES.pattern,
)
MODEL = _any_of(
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
    r"unavailable[ _]model",
    r"model (?:is|field) (?:required|missing)",
    r"unable to (?:access|find|load) (?:the )?model",
    r"models? (?:is |are )?not (?:loaded|ready|deployed|enabled)",
    r"(?:failed|unable) to (?:load|get) model",
    r"no models? loaded",
    r"access to (?:the )?model",
    r"be verified",
    r"no available channel",
    r"无可用渠道",
    r"模型不存在",
    r"decommissioned",
    r"more system memory",
    r"модел\w+ не (?:найден|поддерж)",
)
FORBIDDEN = _any_of(r"api[ _-]?key", r"permission", r"\btoken\b", r"credential", r"not allowed")
RATE = _any_of(
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
OVERLOAD = _any_of(
    r"overload",
    r"unavailable",
    r"loading model",
    r"bad gateway",
    r"timed? ?out",
    r"try again later",
    r"internal server",
    r"temporar(?:y|ily)",
)
