"""Checks whether the contact's words support the model's verdict. Pure.

The model decides what words mean. Two rules hold without it. After a prompt injection, an intent needs words
that express it. And a bare "yes" is never a refusal, a bare "no" never an acceptance.
"""

import re

from shared.intents import Intent
from worker.assistant.guardrails.evidence.opt_out import is_plain_opt_out
from worker.assistant.guardrails.evidence.prompt_injection import combine_patterns, strip_injection
from worker.assistant.guardrails.text_normalization import search_form

_YES = combine_patterns(
    r"\b(?:да|ага|угу|ок|окей|оке|давай\w*|хорошо|ладно|соглас\w+|конечно|разумеется|удобн\w+|можно)\b",
    r"\b(?:можем|готов\w*|жду|подходит|подойд\w+|интересн\w+|актуальн\w+|запиш\w+ меня|договор\w+)\b",
    r"\b(?:не против|погнали|поехали|с удовольствием)\b|\b(?:созвон|перезвон|встрет|обсуд|поговор)\w*",
    r"\b(?:позвоните|наберите|звоните)\b|\b(?:пришл|скин|кин|дай|можно)\w* (?:\w+ )?(?:ссылк|линк)\w*",
    r"\b(?:yes|yeah|yep|ok|okay|sure|let'?s|call me|book|sounds good|fine|works|agree\w*|ready)\b",
    r"[👍👌✅🤝🙌💯🔥❤👏🎉🤩🙏🏆😍🥰😘😁💪💘🕊🫡🆒⚡]|^[^\S\n]{0,9}\+{1,9}[^\S\n]{0,9}$",
)
_NO = combine_patterns(
    r"\bне ?(?:интерес|актуал|нуж|надо|хоч|хот|буд|пиш|звон|беспок|присыл|треб|план|подход|готов|оставлял|"
    r"отправлял|заполнял)\w*|"
    r"\bнет\b|\bнеа\b",
    r"\b(?:отказ|отстан|отвал|отвяж|отпиш|удалит|стоп|спам|передум|ошиб|обойд[уе]|хватит|прекрат)\w*|"
    r"\bв бан\b",
    r"\bуже (?:наш|сдела|реш|выбра|заказа|не)\w*|\bникогда\b|\bидите\b|\bпош[её]?л\w*|\bмечта[йю]\w*|"
    r"\bразбежал\w+",
    r"\b(?:no|nope|nah|never|stop|unsubscribe|spam|remove|wrong|pass)\b|\bnot (?:interested|now|needed|"
    r"relevant)\b",
    r"\b(?:don'?t|do not|won'?t)\b|\balready (?:found|have|hired|done)\b|[👎🚫🙅❌🖕💩🤮🤬😡🤡]",
)
_OPT_OUT = combine_patterns(
    r"\bне (?:пиши|пишите|звони|звоните|беспокой|беспокойте|присылай|присылайте|шлите|"
    r"надо (?:мне )?(?:писать|звонить))\w*",
    r"\b(?:отпиш|отстан|отвал|отвяж)\w*|\bудалите\b|\bубер\w+ (?:мой|мои|меня|номер)|\bстоп\b|\bспам\w*|"
    r"\bв бан\b|\bжалоб\w+",
    r"\b(?:unsubscribe|stop|spam|leave me alone)\b|\b(?:remove|delete) (?:me|my)\b",
    r"\b(?:don'?t|do not|never) (?:\w+ )?(?:write|call|contact|message|text|bother)\b",
)
_HUMAN = combine_patterns(
    r"\b(?:человек|люд|живо|живы|оператор|менеджер|сотрудник|специалист|руководител|директор|начальник|"
    r"коллег)\w*",
    r"\b(?:жалоб|жалов|верн\w+ деньги|возврат|договор|суд|адвокат|юрист|прокурат|роспотреб|полици|умер|"
    r"смерт|больниц|авари)\w*",
    r"\b(?:human|person|manager|operator|someone|complain\w*|refund|lawyer|sue|court|contract)\b",
)
# A question, a word of the price, or a wish to think it over: a "yes" beside it may be mere politeness.
_NOT_YET = combine_patterns(
    r"\?|\b(?:цен[аыуе]|ценой|расценк|прайс|стоимост|сто[ия]т|стоить|сколько|почем|дорого|бесплатн|подума|обдума"
    r"|посоветуюсь|посмотр|сначала|сперва)\w*",
    r"\b(?:price|cost|how much|quote|rate|fee|charge|expensive|think|consider|first)\w*",
)
# What only a person names who agrees to a call: the call, a time for it, the link.
_OF_THE_CALL = combine_patterns(
    r"\b(?:созвон|созвани|звон|позвон|перезвон|набер|встрет|встреч|поговор|обсуд|ссылк|линк|запиш|запис)\w*",
    r"\b(?:сегодня|завтра|послезавтра|понедельник|вторник|сред[уы]|четверг|пятниц|суббот|воскресень)\w*"
    r"|\b(?:в|после|до|к|с) \d{1,2}\b|\b\d{1,2}[:.]\d\d\b|\b\d{1,2} (?:час|утра|дня|вечера)",
    r"\b(?:call|talk|meet|link|book|today|tomorrow|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\w*"
    r"|\bat \d{1,2}\b|\b\d{1,2} ?[ap]m\b",
)
# Filler sounds that express neither acceptance nor refusal.
_FILLER = re.compile(r"(?:хм+|мм+|м+да|ну+|эм+|э+|а+|ээ+|hm+|um+|uh+|er+|\W)*")
_BARE_YES = re.compile(
    r"\W{0,20}(?:да|ага|угу|ок|окей|давай|давайте|хорошо|конечно|согласен|согласна|yes|yeah|ok|okay|sure|\+|"
    r"👍|👌)[\s,.!)+👍]*"
)
_BARE_NO = re.compile(
    r"\W{0,20}(?:нет|не|неа|не надо|не нужно|не интересно|неинтересно|нет,? спасибо|стоп|no|nope|no,? thanks|"
    r"stop|👎)[\s.,!)👎]*"
)


def supports_intent(intent: Intent, text: str, *, strict: bool) -> bool:
    """Return True if the worker may act on the intent, judged by the contact's latest text alone.

    `strict` is True if the conversation contains a prompt injection.
    """
    if intent not in {Intent.ACCEPT, Intent.REJECT}:
        return True
    words = search_form(text)
    opposite = _BARE_NO if intent is Intent.ACCEPT else _BARE_YES
    is_filler = _FILLER.fullmatch(words) and not _YES.search(words) and not _NO.search(words)
    if opposite.fullmatch(words) or is_filler:
        return False
    return not strict or _has_positive_evidence(intent, strip_injection(text))


def _has_positive_evidence(intent: Intent, words: str) -> bool:
    refuses = _NO.search(words) is not None
    if intent is Intent.REJECT:
        return refuses
    if refuses or _YES.search(words) is None:
        return False
    return _NOT_YET.search(words) is None or _OF_THE_CALL.search(words) is not None


def may_opt_out(text: str) -> bool:
    """Return True if the text may be a request to send no more messages; injected sentences are ignored."""
    words = strip_injection(text)
    return _OPT_OUT.search(words) is not None or is_plain_opt_out(words)


def is_explicit_opt_out(text: str) -> bool:
    """Return True if the text is clearly a request to send no more messages."""
    return is_plain_opt_out(text)


def may_want_human(text: str) -> bool:
    """Return True if the text may ask for a human; injected sentences are ignored."""
    return _HUMAN.search(strip_injection(text)) is not None
