"""Detects prompt injections: texts that give the assistant instructions, roles or statuses. Pure."""

import re
from collections.abc import Iterable

from worker.assistant.guardrails.text_normalization import count_invisible, search_form


def combine_patterns(*patterns: str) -> re.Pattern[str]:
    """Return one pattern that matches any of the patterns."""
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.MULTILINE)


# Instructions to a program; a customer does not write like this to a company.
_INJECTIONS = combine_patterns(
    r"\b(?:игнориру|проигнориру|забуд|отброс|отмен|не учитыва|не обраща|обойд|наруш)\w*[^.!?\n]{0,40}"
    r"(?:инструкци|правил|указани|промпт|ограничени|настройк|выше|прежн|предыдущ|вс[её],? что)",
    r"\b(?:системн|скрыт|секретн|внутренн|исходн|начальн)\w* (?:промпт|сообщени|инструкци|запрос|команд|"
    r"правил|указани)",
    r"\bпромпт\w*|\bpromt\w*|\bprompt\w*|\bсистемк\w*",
    r"\b(?:ты|вы) (?:теперь|больше не|отныне|отныне|с этого момента)\b|\bс этого момента\b|\bновая роль\b",
    r"\b(?:веди себя|действуй|притвор|представь,? что ты|сыграй|играй роль|отвечай как|общайся как)\w*",
    r"\b(?:верн|вывед|постав|установ|измен|присво|смен|перевед|отмет|помет|запиш|выстав|заполн|"
    r"укаж)\w*[^.!?\n]{0,50}"
    r"(?:json|intent|интент|статус|accept|reject|question|ambiguous|scheduled|booked|handed_off|"
    r"confidence|поле|true|false)",
    r"\b(?:повтор|напечат|вывед|покаж|процитир|перечисл|перевед|закодир|раскро|пришл|перескаж|опиш|"
    r"расскаж|скопир)\w*"
    r"[^.!?\n]{0,50}(?:инструкци|правила|твои указани|промпт|дословно|слово в слово|base64|выше этого|"
    r"первые \d+ слов)",
    r"\b(?:ответ|отвеч|напиш|скаж|отправ|добав|встав|повтор|сообщ)\w*[^.!?\n]{0,40}"
    r"(?:\bровно|\bтолько (?:слов|текст|фраз|ссылк)|дословно|следующ|текст:|фразу|https?:|www\.|t\.me|"
    r"\S\.(?:com|ru|io|me|xyz|top))",
    r"\[?/?\b(?:system|admin|administrator|developer|assistant|user|inst|систем[аы]|администратор|"
    r"разработчик|ассистент)\b"
    r"\]?\s{0,9}[:>\]]|^[^\S\n]{0,40}(?:system|система)\b",
    r"<\|?/?(?:system|company|assistant|user|im_start|im_end|instructions?|inst)\b|```|###|<!--|\{\s*\"",
    r"\b(?:ignore|disregard|forget|override|bypass|skip)\b[^.!?\n]{0,40}"
    r"\b(?:instruction|rule|prompt|previous|above|prior|guideline|everything|restriction)",
    r"\byou are (?:now|no longer)\b|\bact as\b|\bpretend\b|\bfrom now on\b|\brole-?play\b|\bjailbreak\b|"
    r"\bdan mode\b",
    r"\b(?:system|developer|debug|admin|god|maintenance) (?:prompt|message|mode|override|instruction|"
    r"note)\b|\bnew instructions?\b",
    r"\b(?:reveal|print|repeat|output|show|translate|encode|leak|dump|reply with|respond with|return|"
    r"set|mark|say)\b[^.!?\n]{0,40}"
    r"\b(?:instruction|prompt|rules|verbatim|intent|status|accept|reject|json|exactly|word for word|"
    r"base64|https?|as booked)",
    r"\b(?:intent|status|confidence|needs_human)\s*[=:]|\bнейросет\w* (?:долж|обяз)|"
    r"\bкак (?:языков\w+ модел|нейросет)",
    r"\b(?:ответ|отвеч|напиш|скаж|повтор|сообщ|добав|встав|отправ|допиш|продолж|закончи|"
    r"произнес)\w*[^.!?\n]{0,30}[«“\"]",
    r"\b(?:допиш|продолж|закончи)\w* (?:фраз|текст|предложени)|\bпредставься\b|\bскаж\w*,? что (?:ты|вы)\b",
    r"\b(?:say|write|answer|reply|respond|repeat|tell them)\b[^.!?\n]{0,30}[\"“«]",
    r"\b(?:роботу|боту|нейросети|автоответчик\w*|ассистенту)\b|\bлид(?:а|у|ом)?\b|\b(?:твой|твоя|тебе|"
    r"твоему) созда\w+",
    r"\bсоглас\w+ за меня\b|\bот (?:моего )?имени клиента\b|\bon behalf of the (?:customer|client|lead)\b",
    r"\bничего,? кроме\b|\bшпаргалк\w*|\b(?:свои|твои|ваши) (?:установк|указани|настройк|инструкц)\w*",
    r"\b(?:ок|окей|ok|okay|hey),? (?:гугл|google|алиса|siri|сири)\b|\bhidden (?:guideline|rule|text|"
    r"instruction)",
    r"\bстатус\w* (?:лид|сделк|заявк|booked|scheduled|accept)\w*|\bпереходи к (?:этапу|шагу)\b|"
    r"\bfinish th(?:is|e) sentence\b",
    r"режим\w* (?:разработчик|отладк|обслуживан|администратор|без ограничени|бог)|\b(?:отладочн|"
    r"сервисн)\w+ режим",
    r"[A-Za-z0-9+/]{32,}={0,2}|\\u[0-9a-f]{4}|(?:&#x?[0-9a-f]+;){2}",
)
_SENTENCE = re.compile(r"[^.!?…\n;]+[.!?…;]*")
# More invisible characters than this may encode a hidden text.
_MAX_INVISIBLE = 3


def contains_injection(text: str) -> bool:
    """Return True if the text contains a prompt injection."""
    return count_invisible(text) > _MAX_INVISIBLE or _INJECTIONS.search(search_form(text)) is not None


def any_injection(texts: Iterable[str]) -> bool:
    """Return True if any of the texts contains a prompt injection."""
    return any(contains_injection(text) for text in texts)


def strip_injection(text: str) -> str:
    """Return the text, normalized by `search_form`, without the sentences that contain a prompt injection."""
    return "\n".join(
        sentence for sentence in _SENTENCE.findall(search_form(text)) if not _INJECTIONS.search(sentence)
    )
