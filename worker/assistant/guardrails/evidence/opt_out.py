"""Recognizes a plain request to send no more messages, without a model. Pure.

A limit makes it no such request: a channel, a day, a condition, or a wish to be reached in another way.
"""

import re

from worker.assistant.guardrails.evidence.prompt_injection import combine_patterns
from worker.assistant.guardrails.text_normalization import search_form

_SENTENCE = re.compile(r"[^.!?…\n;]+[.!?…;]*")
_TOKEN = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
# Words that change nothing in a request. All others after it limit it: "in WhatsApp", "the estimate".
_NEUTRAL = frozenset(
    """
    мне меня нам нас вам вас вы ты я мы больше никогда впредь вообще сюда тут здесь пожалуйста плиз
    прошу спасибо просьба и или а ну да нет не ни ок все уже еще опять снова просто ничего никаких
    никакие тоже же ли уж вот ребята надо нужно стоит здравствуйте добрый день вечер утро привет
    свидания писать звонить беспокоить слать присылать спамить тревожить донимать доставать
    названивать пишите пиши звоните звони беспокойте беспокой шлите шли присылайте присылай
    тревожьте спамьте сообщения сообщений смс рекламу рекламы спам спама предложения предложений
    рассылку рассылки рассылок эту эти этот этой свою свои ваш ваши вашу вашей вашего вашим
    please pls thanks thank you me us i we my again anymore any more ever here at all or and no not just now
    hi hello hey the this these your it messages message texts text spam sms call write email contact bother
    calling writing texting messaging emailing contacting bothering sending send advertising ads to
    """.split()  # noqa: SIM905 - one word after the other is easier to read
)
_STOPS_ALONE = frozenset(
    """
    стоп отписаться отстаньте отстань отвалите отвали отвяжитесь отвяжись удалите удали удалить хватит
    прекратите перестаньте stop unsubscribe remove delete stopp стопп
    """.split()  # noqa: SIM905 - one word after the other is easier to read
)
_SHORT_NEUTRAL = _NEUTRAL - {
    "писать",
    "звонить",
    "пишите",
    "звоните",
    "call",
    "write",
    "text",
    "email",
    "now",
}
_WRITE = (
    r"(?:пиши|пишите|писать|беспокой|беспокойте|беспокоить|тревожь|тревожьте|тревожить|присылай|присылайте"
    r"|присылать|шли|шлите|слать|спамь|спамьте|донимай|донимайте|доставай|доставайте|названивай"
    r"|названивайте)\b"
)
_CALL = r"(?:звони|звоните|звонить)\b"
_BETWEEN = r"(?:(?:мне|меня|нам|нас|сюда|больше|никогда|вообще|вам|пожалуйста|ничего|никаких|еще) ){0,3}"
# A negated request for contact; what follows may hold only neutral words.
_NEGATED = combine_patterns(
    rf"\bне (?:надо |нужно |стоит |смейте |смей ){{0,1}}{_BETWEEN}{_WRITE}",
    rf"\b(?:больше|никогда) (?:мне |нам |сюда )?не {_BETWEEN}{_CALL}|\bне {_CALL}(?= (?:мне |нам |сюда )?"
    r"(?:больше|никогда))",
    rf"\b{_BETWEEN}{_WRITE} {_BETWEEN}не (?:надо|нужно|стоит|смейте)\b",
    rf"\b(?:хватит|прекратите|прекращайте|перестаньте|кончайте|завязывайте|достаточно) {_BETWEEN}"
    rf"(?:{_WRITE}|{_CALL}|спамить|донимать|доставать|названивать|спама?\b|рассыл\w+)",
    r"\b(?:do not|don'?t|dont|never|no need to|must not|mustn'?t|(?:please )?stop|quit)(?: ever| you)? "
    r"(?:writ(?:e|ing)|contact(?:ing)?|text(?:ing)?|messag(?:e|ing)|bother(?:ing)?|e-?mail(?:ing)?"
    r"|disturb(?:ing)?|spam(?:ming)?|sending)\b",
    r"\b(?:do not|don'?t|dont|never|stop|quit) call(?:ing)?\b(?= (?:me |us )?(?:again|anymore|any more|ever))"
    r"|\bstop calling\b",
)
_OUT_OF = r"(?:из|с|от) (?:\w+ )?(?:баз|списк|рассыл|контакт|адресн)\w*"
_REMOVE = (
    r"(?:удали(?:те)?|убери(?:те)?|исключи(?:те)?|сотри(?:те)?|вычеркни(?:те)?|отпиши(?:те)?|выпиши(?:те)?"
    r"|удалить|убрать|исключить|отписать|вычеркнуть|стереть)\b"
)
_ME = (
    r"(?:меня|нас|(?:мой|моего|наш) (?:номер|телефон|контакт|аккаунт)\w*|(?:мои"
    r"|наши) (?:\w+ )?(?:данные|контакты)|(?:мое) имя)"
)
# The person asks to be taken off; what follows may not name a booking.
_REMOVED = combine_patterns(
    rf"(?<!не )\b{_REMOVE} (?:\w+ ){{0,2}}?{_ME}",
    rf"\b{_ME} (?:\w+ ){{0,2}}?(?<!не ){_REMOVE}",
    rf"(?<!не )\b{_REMOVE} (?:\w+ ){{0,1}}?{_OUT_OF}\W*$",
    rf"\bотписаться {_OUT_OF}|\b(?:хочу|прошу|можно|как|дайте) (?:мне |вас )?отписаться\W*$",
    r"\b(?:отстаньте|отстань|отвалите|отвали|отвяжитесь|отвяжись)(?: от (?:меня|нас))?\W*$",
    r"\bоставьте (?:меня|нас) в покое\b|\bleave (?:me|us) alone\b",
    r"\b(?:remove|delete|erase|take|drop|exclude|cross) (?:me|us)(?: \w+)? (?:off|from|out)\b"
    r"|\b(?:remove|delete|erase) (?:me|us)\W*$"
    r"|\b(?:remove|delete|erase) my (?:\w+ )?(?:number|data|contacts?|phone|details|info\w*|e-?mail|name)\b",
    r"\bunsubscribe (?:me|us|from)\b|\b(?:want|like|wish|how) to unsubscribe\b|\bopt (?:me )?out\W*$",
)
_BOOKING = re.compile(
    r"\b(?:запис|встреч|звон|созвон|календар|слот|понедельник|вторник|сред[уы]|четверг|пятниц|суббот"
    r"|воскресень"
    r"|сайт|чат|групп|meeting|call\b|calendar|invite|slot|booking|appointment|schedule|chat|group|site)\w*"
)
# The request holds for some time, or for a case.
_LIMITED = re.compile(
    r"\b(?:если|пока|когда|покуда|сегодня|завтра|послезавтра|сейчас|позже|позднее|рано|поздно|ночью"
    r"|утром|вечером"
    r"|днем|выходные|выходным|раньше|if|until|till|unless|before|after|today|tonight|tomorrow|for now"
    r"|yet|when)\b"
    r"|\bдо (?!свидан|встреч)\w+"
)
# A question or a complaint about a message that does not come: "Почему вы не пишете?"
_MISSED = re.compile(r"\b(?:почему|зачем|чего|давно|долго)\b[^,.!?]{0,30}\bне\b")
# The person wants to be reached, or will write.
_STAYS = re.compile(
    r"(?<!не )(?<!ни )(?<!больше )(?<!мне )(?<!меня )(?<!not )(?<!n't )(?<!never )(?<!dont )"
    r"\b(?:напиши(?:те)?|пишите"
    r"|(?:по|пере)?звоните|(?:по|пере)звони|наберите|давайте|давай|лучше|только|instead|only|rather|let'?s)\b"
    r"|(?<!не )(?<!ни )(?<!больше )\bмне (?:пишите|звоните)\b|\b(?:я|мы) (?:вам )?сам[аи]? \w+"
    r"|\bсам[аи]? (?:вам )?(?:напиш|свяж|позвон|набер)"
    r"|\bi(?:'ll| will) (?:write|contact|call|text|get back|message)\b|(?:^|[,.;!] ?(?:just |please |but )?)"
    r"(?:text|write|message|call|email) (?:me|to me|us)\b(?! again)"
)


def is_plain_opt_out(text: str) -> bool:
    """Return True if the text plainly asks for no more messages."""
    form = search_form(text).replace("’", "'")
    lines = [line for line in form.split("\n") if line.strip()]
    if not lines:
        return False
    if _is_stop_alone(lines[-1]):
        return True
    return _STAYS.search(form) is None and any(map(_asks_to_stop, _SENTENCE.findall(form)))


def _is_stop_alone(line: str) -> bool:
    """Return True if the last line is no more than "stop": a question after it would keep the talk going."""
    words = _TOKEN.findall(line)
    is_stop = not _STOPS_ALONE.isdisjoint(words) and _SHORT_NEUTRAL.union(_STOPS_ALONE).issuperset(words)
    return is_stop and "?" not in line


def _asks_to_stop(sentence: str) -> bool:
    if _LIMITED.search(sentence) or _MISSED.search(sentence):
        return False
    removed = _REMOVED.search(sentence)
    if removed is not None and not _BOOKING.search(sentence, removed.start()):
        return True
    return any(_is_unlimited(sentence, found) for found in _NEGATED.finditer(sentence))


def _is_unlimited(sentence: str, found: re.Match[str]) -> bool:
    """Return True if the clause of the request has no channel or thing: "in WhatsApp", "the estimate"."""
    clause = re.split(r"[,:()—–-]", sentence[found.end() :], maxsplit=1)[0]
    before = re.split(r"[,:()—–-]", sentence[: found.start()])[-1]
    is_by_channel = re.search(r"\b(?:в|на|по|через|via|on|by)\s\w+(?:\s\w+)?\s*$", before) is not None
    return not is_by_channel and _NEUTRAL.issuperset(_TOKEN.findall(clause))
