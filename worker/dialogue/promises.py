"""Finds the promise of a later answer: it makes a task for a human, or is taken out of the text. Pure."""

import re
from bisect import bisect_right

from worker.dialogue import templates
from worker.domain.wording.job_titles import COLLEAGUES, STAFF_EN

_SENTENCE = re.compile(r"[^.!?…\n]+(?:[.!?…]+|\n|$)")
# An order to the contact is no promise.
_ASK = re.compile(
    r"\b(?:уточн|узна|спрош|проконсультиру|посоветуюсь|выясн|провер|поинтересуюсь)(?!\w{0,8}[иьй]те\b)\w{0,8}\b",
    re.IGNORECASE,
)
_COLLEAGUE = re.compile(rf"\b(?:{COLLEAGUES}|команд)", re.IGNORECASE)
# In characters, from the verb to the one who is asked.
_MAX_DISTANCE = 80
_RUSSIAN = re.compile(
    r"\b(?:вернусь|вернемся|вернёмся)\b[^.!?…\n]{0,40}\b(?:ответ|информаци|подробност|точн)\w{0,5}"
    r"|\b(?:уточню|узнаю|выясню|проверю)\b[^.!?…\n]{0,60}\b(?:и|потом|затем|сразу)\b[^.!?…\n]{0,20}"
    r"\b(?:отвечу|напишу|сообщу|скажу|вернусь)\b"
    rf"|\bпередам\b[^.!?…\n]{{0,30}}\bвопрос\w{{0,3}}\b[^.!?…\n]{{0,40}}\b(?:{COLLEAGUES}|команд)\w{{0,5}}"
    r"|^\W{0,3}(?:(?:хороший|отличный|интересный) вопрос\W{1,3})?(?:это )?уточню\b(?![^.!…\n]{0,200}\?)",
    re.IGNORECASE,
)
_ENGLISH = re.compile(
    r"\b(?:i|we)(?:'ll|’ll| will| can| shall| am going to| would)?\b[^.!?…\n]{0,20}\b(?:check|ask|find out"
    r"|clarify|confirm"
    rf"|consult|look into|pass)\b[^.!?…\n]{{0,80}}\b(?:colleague|team|{STAFF_EN})s?\b"
    r"|\b(?:come back|get back|return|be back)\b[^.!?…\n]{0,30}\b(?:to you|with an answer|with the answer"
    r"|with details)\b"
    r"|\b(?:i|we)(?:'ll|’ll| will)\b[^.!?…\n]{0,10}\b(?:find out|look into)\b",
    re.IGNORECASE,
)
# The writer will ask, or answer later: whom they ask does not matter.
_WILL_ASK = re.compile(
    r"(?<!не )\b(?:спрошу|уточню|узнаю|выясню|разузнаю|поинтересуюсь|посоветуюсь|проконсультируюсь"
    r"|перепроверю)\b"
    r"|(?<!не )\b(?:спросим|уточним|узнаем|посоветуемся) у\b"
    r"|(?<!не )\b(?:переда(?:м|ю|дим|ем)|перешлю|адресую|задам)\b[^.!?…\n]{0,40}\b(?:вопрос|запрос"
    r"|слова|просьб|пожелани)"
    r"|(?<!не )\b(?:отпишусь|отпишемся|сообщу|сообщим|вернусь|вернемся|вернёмся)\b"
    r"|(?<!не )\b(?:дам|дадим|пришлю|пришлем) (?:вам )?(?:знать|ответ)\b"
    r"|(?<!не )\b(?:отвечу|ответим|подскажу|подскажем|скажу|напишу|расскажу)\b[^.!?…\n]{0,40}\b(?:позже"
    r"|позднее|потом|завтра"
    r"|как только|скоро|в ближайшее|в течение|через)\b"
    r"|\b(?:чуть |немного )?(?:позже|позднее|скоро|завтра|как только \w+"
    r"|через \w+)\b[^.!?…\n]{0,20}\b(?:отвечу|ответим"
    r"|подскажу|подскажем|скажу)\b"
    r"|\b(?:посмотрю|проверю|подумаю|изучу|посчитаю|рассчитаю)\b[^.!?…\n]{0,30}\b(?:отвечу|напишу|скажу"
    r"|подскажу)\b"
    r"|\b(?:i|we)(?:'ll|’ll| will|'m going to|’m going to| am going to| shall)(?: \w+)? (?:let you know"
    r"|keep you posted"
    r"|update you|get back|come back|be back|write back|report back|follow up|find out|look into"
    r"|clarify|verify"
    r"|double-?check|check|answer (?:you )?(?:later|soon|tomorrow)"
    r"|ask (?!(?:you|a few|a couple|some|one|two|just|about your|only|questions)\b))\b"
    r"|\band (?:then )?(?:let you know|get back to you|come back to you)\b|\blet me (?:check|ask|find out)\b",
    re.IGNORECASE,
)
# What is told on the call or at the link, or once the contact has written, is no promise of a later answer.
_CONDITIONAL = re.compile(
    r"\b(?:на|во время|в ходе|после|по) (?:\w+ ){0,2}(?:звонк|созвон|встреч|консультаци|ссылк)"
    r"|\b(?:созвонимся|по телефону|выбер[еи]те|напишите|пришлите|расскажите|ответьте|подскажите|скажите"
    r"|укажите|если вы)\b"
    r"|\b(?:as soon as|when|once|if) you\b|\bкак только вы\b|\bкогда вы\b"
    r"|\b(?:on|during|in|after|at) (?:the|our|a|your) (?:\w+ )?(?:call|meeting|consultation|link)\b"
    r"|\bplease (?:write|send|tell|choose|pick)\b",
    re.IGNORECASE,
)
_MEANWHILE = re.compile(
    r"^\s*(?:а пока|пока|тем временем|meanwhile|in the meantime),?\s+(?P<rest>\S)", re.IGNORECASE
)


def promises_to_ask(text: str) -> bool:
    """Return True if the text promises to ask a colleague, or to answer later."""
    return any(_is_promise(sentence) for sentence in _SENTENCE.findall(text))


def first_promise(text: str) -> str:
    """Return the first sentence of the text that promises an answer; empty if none does."""
    return next((one.strip() for one in _SENTENCE.findall(text) if _is_promise(one)), "")


def without_promises(text: str, language: str, *, offers_call: bool) -> str:
    """Return the text with an honest sentence in place of each promise to ask a colleague.

    `offers_call`: the text may say that a specialist answers on the call.
    """
    replaced = False

    def rewrite(found: re.Match[str]) -> str:
        nonlocal replaced
        sentence = found[0]
        if _is_promise(sentence):
            instead = "" if replaced else f" {templates.cannot_tell(language, offers_call=offers_call)} "
            replaced = True
            return f"{instead}\n" if sentence.endswith("\n") else instead
        if replaced:
            return _MEANWHILE.sub(lambda start: f" {start['rest'].upper()}", sentence)
        return sentence

    return re.sub(r"[^\S\n]{2,}", " ", _SENTENCE.sub(rewrite, text)).strip()


def _is_promise(sentence: str) -> bool:
    if _asks_colleague(sentence) or _RUSSIAN.search(sentence) or _ENGLISH.search(sentence):
        return True
    is_question = sentence.rstrip().endswith("?")
    return not is_question and _WILL_ASK.search(sentence) is not None and not _CONDITIONAL.search(sentence)


def _asks_colleague(sentence: str) -> bool:
    verbs = [found.end() for found in _ASK.finditer(sentence)]
    for colleague in _COLLEAGUE.finditer(sentence) if verbs else ():
        # The nearest verb before it is enough.
        place = bisect_right(verbs, colleague.start())
        if place and colleague.start() - verbs[place - 1] <= _MAX_DISTANCE:
            return True
    return False
