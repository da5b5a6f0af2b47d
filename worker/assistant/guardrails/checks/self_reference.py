"""Detects a model that speaks of its orders, of its training, or to itself. Pure."""

import re

from worker.assistant.guardrails import sentences

_ORDERS = r"(?:инструкци|правил|промпт|указани|установк|настройк|ограничени|систем\w+ сообщени)\w{0,4}"
_ORDERS_EN = r"(?:instructions?|prompts?|rules?|guidelines?|guardrails?|system message|constraints?)"
_CONDUCT = (
    r"(?:отработ|спрос|предложи|ответи|отвеча|поблагодари|напомни|поздорова|извини|поинтересова"
    r"|упомян|побуди|убеди|вовлеч|мягко|вежливо|дружелюбно|кратко|коротко)\w*"
)
_CONDUCT_EN = (
    r"(?:ask|offer|stay|keep|be|remain|thank|mention|avoid|respond|reply|answer|acknowledge|suggest"
    r"|invite|steer"
    r"|guide|propose|sound|apologi[sz]e|redirect|encourage|handle|address)"
)
_MODELS = (
    r"chat ?gpt|gpt|giga ?chat|yandex ?gpt|claude|gemini|qwen|llama|deepseek|mistral|gemma|grok|copilot"
    r"|гигачат|чат ?гпт|клод|алиса"
)
# Orders that it has, and who made it.
_PROGRAMMED = re.compile(
    rf"\b(?:мо[ияюей]\w?|моим\w?|моих|мне дали|у меня (?:есть|в|такие)?) ?(?:\w+ )?{_ORDERS}\b"
    rf"|\b(?:по|согласно|в соответствии с) (?:(?:моим |своим |заданным |данным )правилам"
    rf"|(?:\w+ )?(?:инструкци|промпт))\w*"
    r"|\bмне (?:было )?(?:велено|велели|сказано|сказали|поручено|поручили|запрещено|запретили|приказано"
    r"|предписано"
    r"|разрешено|указано|нельзя)\b"
    r"|\b(?:я|меня|модель,?|ассистент,?) (?:\w+ )?(?:обучен|обучал|запрограммирован|настро[ие]н"
    r"|натренирован|создан"
    r"|разработан)\w*"
    rf"|\b(?:i'm|i am|this is|я|это) (?:\w+ )?(?:{_MODELS})\b|\b(?:powered by|based on|на (?:базе|основе))"
    rf" (?:{_MODELS})\b"
    r"|\bязыков\w+ модел\w+|\bнейросетев\w+|\b(?:обученн|разработанн"
    r"|созданн)\w+ (?:компанией )?(?:openai|google|яндекс"
    r"|сбер|meta|anthropic|deepseek|alibaba)\w*"
    rf"|\bmy (?:\w+ )?{_ORDERS_EN}\b|\b(?:i|i've|i have|i'm|i am) (?:was |were |been )?(?:\w+ )?(?:told"
    rf"|instructed"
    r"|asked|programmed|trained|designed|configured|prompted|created|developed|forbidden"
    r"|not allowed) (?:to|by|on|not|never)\b"
    r"|\b(?:large )?language model\b|\bmy (?:training|knowledge (?:cutoff|base)|developers?|creators?)\b"
)
# An answer may say that there is nothing to tell about them.
_DECLINES = re.compile(
    r"\bне (?:раскрыва|показыва|обсужда|делюсь|рассказыва|могу (?:раскры|показ|обсужд|подел|рассказ))"
    r"|\b(?:can't|cannot|can not|won't|don't|do not|unable to) (?:share|reveal|disclose|discuss|show"
    r"|talk about)"
)
# What it has to do next, said to itself, or to a reader of its draft.
_REMINDER = re.compile(
    r"(?:^|[(\[—–,:]\s?|\bпотом |\bзатем )(?:нужно|надо|следует|стоит|важно|необходимо|должен|должна"
    r"|главное|стараюсь)"
    rf" (?:\w+ ){{0,2}}{_CONDUCT}|\bне забыть\b|\bне забудь\b|\bвозражени\w+"
    r"|(?:^|[(\[—–,:]\s?|\bи )(?:не )?(?:предложи|ответь|уточни|спроси|напиши|скажи|поблагодари"
    r"|используй|задай|помни"
    r"|отвечай|пиши|называй|извинись|представься|упомяни|добавь|сохраняй|будь|избегай|придерживайся"
    r"|узнай|выясни"
    r"|переведи|подведи|объясни|проверь|убедись|поздоровайся)\b"
    rf"|\bi (?:should|must|need to|have to|ought to|am supposed to) (?:\w+ )?{_CONDUCT_EN}\b"
    r"|\bi (?:should|must|need to|have to|ought to)\b[^.!?\n]{0,40}\b(?:him|her|them|the (?:client"
    r"|customer|user|lead))\b"
    rf"|(?:^|[(\[—–]\s?)(?:remember|make sure|don't forget|do not forget|be sure|try|need"
    rf"|have) to {_CONDUCT_EN}\b"
    r"|(?:^|[(\[—–]\s?)(?:offer|suggest|propose) (?:a|the) (?:call|meeting|time|slot)"
    r"|(?:^|[(\[—–]\s?)(?:ask|tell|thank|invite|remind) (?:if|whether|them|him|her|for their|about their)\b"
    r"|(?:^|[(\[—–]\s?)(?:stay|be|remain|keep) (?:it |the |your )?(?:polite|friendly|brief|short|calm"
    r"|concise|tone|reply"
    r"|answer|warm|professional)\b"
    r"|(?:^|[(\[—–]\s?)(?:respond|reply|answer|write|speak) (?:politely|briefly|warmly|calmly|to (?:him"
    r"|her|them|the)|in (?:a|the))\b"
    r"|\b(?:next|first) step is to\b|\blet me (?:think|write|draft|formulate|craft|respond)\b"
    r"|\bдай подумать\b"
)


def find_problem(text: str) -> str | None:
    """Return what the text tells of the model that wrote it; None if it tells nothing."""
    for sentence in sentences.split(text):
        if _PROGRAMMED.search(sentence) and not _DECLINES.search(sentence):
            return "it reveals the instructions"
        if _REMINDER.search(sentence):
            return "it speaks about the message or the customer"
    return None
