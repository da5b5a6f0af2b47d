"""Detects claims that something was done which no text of the assistant can do. Pure.

The assistant writes; it makes no bookings, sends no documents, and makes no calls. A booking is made by the
contact at the link, everything else by a colleague.
"""

import re
from functools import lru_cache

from worker.assistant.guardrails import sentences
from worker.assistant.guardrails.text_normalization import search_form
from worker.domain.wording.job_titles import COLLEAGUES
from worker.domain.wording.months import ANY_MONTH

_SINGULAR = (
    r"записал|забронировал|зарезервировал|отправил|выслал|прислал|скинул|оформил|назначил|перенес(?:ла)?"
    r"|отменил"
    r"|подтвердил|договорил(?:ся|ась)|согласовал|позвонил|перезвонил|набрал|внес(?:ла)?|создал|запланировал"
    r"|поставил|удалил|заказал|оплатил|вернул|рассчитал|подготовил|закрепил|сделал"
)
_PLURAL = (
    r"записали|забронировали|зарезервировали|отправили|выслали|прислали|скинули|оформили|назначили"
    r"|перенесли"
    r"|отменили|подтвердили|договорились с|согласовали|позвонили|внесли|создали|запланировали|поставили"
    r"|удалили"
    r"|закрепили|подготовили"
)
_DAY = (
    r"(?:сегодня|завтра|послезавтра|понедельник|вторник|сред[уыа]|четверг|пятниц[уыа]|суббот[уыа]"
    r"|воскресенье)"
)
_HOUR = r"\bв \d{1,2}(?:[:.]\d\d)?\b(?! до\b)"
_MOMENT = rf"(?:\b{_DAY}\b|{_HOUR}|\b\d{{1,2}} (?:{ANY_MONTH}))"
_DONE = re.compile(
    # "Записал, что вам удобно" is a note, not a booking. "Вы отправили заявку" is the contact's action.
    rf"(?<!вы )(?<!не )(?<!бы )\b(?:{_SINGULAR})а?\b(?!(?<=записал)\s?[:,]"
    rf"|(?<=записала)\s?[:,])(?!\s?, что\b)(?! бы\b)"
    r"(?! для себя)"
    rf"|(?:^|\bмы )\W{{0,3}}(?:уже |только что |сразу |вам |вас |для вас "
    rf"|ваш\w* \w{{1,20}} ){{0,3}}(?:{_PLURAL})\b"
    r"(?!\s?[:,])"
    r"|\b(?:вы|встреч\w+|звонок|созвон|замер|время|запись|прием|заказ|бронь|место|визит|договор|счет"
    r"|предложение"
    r"|возврат|скидк\w+|данные"
    r"|номер)\b[^.!?…\n,]{0,40}(?<!не )(?<!будет )(?<!будут )(?<!быть )\b(?:записан|подтвержден"
    r"|забронирован|назначен|перенесен|отменен|оформлен|зарезервирован|закреплен|отправлен|выслан"
    r"|запланирован"
    r"|удален|согласован|готов)[аоы]?\b"
    r"|\b(?:записан|забронирован|подтвержден|назначен)[аоы]? (?:на|для вас)\b"
    r"|\bдобавил[аи]? (?:вас|вам|встреч|звонок|созвон|событи|запись|время|в календар)\w{0,3}"
    r"|\b(?:менеджер|коллег[аи]|специалист|мастер|сотрудник|директор) (?:вам |вас "
    r"|с вами )?уже (?:позвонил|отправил"
    r"|выслал|выехал|подготовил|начал|связал|назначил|согласовал|записал|подтвердил)\w{0,4}"
    r"|\bуже (?:в пути|выехал\w*|едет|начали|приступили|работаем над)\b"
    r"|\bуже (?:у вас )?(?:на (?:вашей )?почте|в (?:вашей |вашем )?(?:почте|ящике|письме))\b"
    r"|\b(?:отправ|высл|ушл|направ|скину|продублиров|сброс)\w*[^.!?…\n,]{0,40}\b(?:на"
    r"|в) (?:ваш\w+ )?(?:почт[уе]|e-?mail"
    r"|имейл|ватсап|вотсап|whatsapp|вайбер|смс|личк\w+)"
    r"|\b(?:я|мы) (?:вам |вас )?(?:уже )?(?:звонил|набирал|дозванивал|пробовал позвонить"
    r"|пытал\w+ дозвониться)\w{0,3}\b"
    r"|\bотправля(?:ю|ем) (?:к вам |вам )?(?:мастер|замерщик|курьер|специалист|бригад)\w*"
    r"|\b(?:место|время|слот|окно|столик|дата|день) (?:уже )?(?:за вами|ваше|ваш)\b"
    # A visit at a time: no human has been told of it.
    rf"|\b(?:{COLLEAGUES})\w{{0,2}} (?:к вам |вам |будет |уже )?(?:будет|приедет|выедет|подъедет|заедет"
    rf"|привезет"
    rf"|приезжает|ждать вас)\b"
    rf"[^.!?…\n]{{0,30}}{_MOMENT}"
    rf"|\b(?:ждем|жду|ждать|встретим|примем|примет|ждет) вас\b[^.!?…\n]{{0,30}}{_HOUR}"
)
_WILL = re.compile(
    r"\b(?:сейчас|прямо сейчас|скоро|через \w+(?: \w+)?|в течение \w+(?: \w+)?) (?:же )?(?:вам |вас "
    r"|с вами )?(?:пере|по)?"
    r"(?:звоним|наберем|звонят|свяжемся)\b|"
    r"(?<!не )\b(?:(?:пере|по)?звоню|перезваниваю|наберу|набираю|выезжаю|подъезжаю)\b|\bя (?:вам "
    r"|вас )?(?:пере|по)звоню\b"
    r"|\b(?:отправлю|вышлю|пришлю|скину|отправляю|высылаю|присылаю"
    r"|подготовлю)\b[^.!?…\n]{0,30}\b(?:договор|кп"
    r"|коммерческ|предложени|смет|документ|презентаци|портфолио|прайс|счет|счёт|файл|фото|пример|каталог"
    r"|анкет|бриф"
    r"|на почту|на email|на e-mail|на ватсап|на whatsapp)\w*"
    r"|\b(?:(?:добавлю|приглашу|подпишу|включу|внесу) вас|запишу|записываю|забронирую|бронирую|назначу"
    r"|назначаю|перенесу|переношу|отменю|отменяю)\b"
    r"(?! (?:себе|это|что|для себя|вопрос|ваш вопрос|пожелани))"
)
_ENGLISH = re.compile(
    # What one has done oneself, except to read, hear and note.
    r"\bi(?:'ve| have)(?: just| already| now){0,2} (?!noted|received|mentioned|answered|recorded"
    r"|checked the|needed)"
    r"[a-z]{2,12}ed\b"
    r"|\b(?:i|we)(?:'ve| have)?(?: just| already| now){0,2} (?:booked|scheduled|reserved|sent|emailed"
    r"|arranged|confirmed"
    r"|cancelled|canceled|rescheduled|moved|signed you|put you|called you|phoned|added you|refunded"
    r"|deleted|removed"
    r"|forwarded you|prepared|placed)\b"
    r"|\b(?:your|the|our) (?:\w+ ){0,2}(?:call|meeting|appointment|booking|visit|slot|order|contract"
    r"|refund|offer"
    r"|measuring|data)\b[^.!?…\n]{0,40} (?:is|has been|have been|was|are) (?:now |already |all )?(?:booked"
    r"|confirmed"
    r"|scheduled|arranged|set|reserved|sent|cancelled|rescheduled|moved|deleted|removed|processed|saved"
    r"|held|kept|secured)\b"
    r"|\b(?:manager|colleague|specialist|team|director)s? (?:has|have) (?:already |just )?(?:called|sent"
    r"|started"
    r"|prepared|booked|contacted|arranged|confirmed|phoned)\b"
    r"|\byou(?:'re| are| have been) (?:now |already |all )?(?:booked|set|scheduled|confirmed|signed up"
    r"|registered)\b"
    r"|\bi(?:'ll| will) (?:\w+ )?(?:call|phone|ring|book|reserve|reschedule|cancel)\b"
    r"|\bi(?:'ll| will)? (?:\w+ )?(?:send|email|forward)(?:ing)? (?:you )?(?:\w+ ){0,2}(?:contract|offer"
    r"|proposal"
    r"|estimate|document|invoice|portfolio|file|price list|brochure|quote|brief|example|catalog)"
    r"|\bi(?:'m| am) (?:now |just )?(?:sending|calling|phoning|ringing|emailing|texting|forwarding"
    r"|booking|preparing"
    r"|scheduling|adding|reserving|cancelling|arranging)\b"
    r"|\b(?:penciled|pencilled|slotted|squeezed|booked|put|got|have|had|signed|locked) you (?:in|down)\b"
    r"|\b(?:have|had|'ve)(?: just| already)? (?:put|pencill?ed|slotted|squeezed|signed) (?:\w+ ){1,4}"
    r"(?:in|down|up) (?:for|on|at)\b"
    r"|\byou(?:'re| are) (?:in|down) for\b|\b(?:the|that|this) (?:slot|time|spot|place) is yours\b"
    r"|\b(?:expect|expecting|see|waiting for) you\b[^.!?…\n]{0,30}\bat \d"
    r"|\b(?:is|are) (?:already )?on (?:his|her|their|the) way\b|\bi(?:'ve| have)? talked to\b"
    r"|\bi(?:'ve| have)? (?:just |already )?(?:tried to (?:call|reach|phone|ring)|called you|rang you"
    r"|phoned you)\b"
    r"|\b(?:slot|call|meeting|appointment|time)\b[^.!?…\n]{0,30} (?:has been|is|was) (?:now )?(?:locked"
    r"|fixed)\b"
)


# A sentence that begins with a verb in the past tells what its writer did; reading and noting may be told.
_DID = re.compile(
    r"^(?:да |все |уже |сразу |я |только что ){0,3}(?!от(?:дел|мет|вет)|раздел|подвал|прочит|прослуш"
    r"|просмотр|прин)"
    r"(?:вы|до|за|от|об|пере|под|при|про|раз|рас|из|вн|соз|сдел|сход|съезд|постав|посла)[а-я]{2,12}(?:и"
    r"|я|е|а|у)ла?\b"
    r"(?! бы\b)(?!\s?[:,])"
)
# "Отметил, что вам удобно во вторник" is a note.
_FIXED = re.compile(
    r"\b(?:подтвержда(?:ю|ем)|подтвердил[аи]?|зафиксировал[аи]?|фиксиру(?:ю|ем)|отметил[аи]? в (?:календар"
    r"|расписани)\w*"
    r"|назнача(?:ю|ем)|назначил[аи]?|добавля(?:ю|ем)|вношу|вносим|ставлю|ставим|поставил[аи]?|закрепля(?:ю"
    r"|ем)|создан[ао]?"
    r"|принято|бронь|confirmed|confirming|locked in|added to|set for|noted in|fixed for)\b(?!,? что\b)"
)
_MEETING = re.compile(
    rf"\b(?:{COLLEAGUES})\w{{0,2}} (?:вам |вас |с вами |уже |сам )?(?:позвонит|перезвонит|наберет|свяжется"
    rf"|созвонится|звонит)\b"
    rf"|\b(?:созвонимся|позвоним|наберем|свяжемся|услышимся|увидимся|до (?:встречи|связи|созвона|звонка))\b"
    r"|\b(?:specialist|manager|colleague|team|expert|someone|we)(?: will|'ll) (?:\w+ )?(?:call|ring|phone"
    r"|contact|reach)\b"
    r"|\b(?:talk|speak|see) (?:to |with )?you\b"
    r"|\b(?:your|the) (?:call|appointment|visit|meeting|slot|booking|check-up|consultation) is\b"
    r"|\b(?:ваш|ваша|ваше) (?:звонок|встреча|прием|запись|визит|замер|осмотр|консультация)\b|\bсостоится\b"
)
# An appointment is told as settled: "Договорились на пятницу", "We are expecting you on Friday".
_AGREED = re.compile(
    r"\b(?:ждем|жду|будем ждать|буду ждать|встретим|примем)\b"
    r"|\b(?:договорились|условились|решили|решено) (?:на|о|про)\b"
    rf"|\b(?:договорились|условились|решено)\W{{1,3}}(?:\w{{3,12}} )?(?:в |во |на )?{_DAY}"
    r"|\b(?:встречаемся|созваниваемся|созвонимся|видимся)\b|\b(?:звонок|встреча|созвон) (?:будет|в|во|на)\b"
    r"|\b(?:expect|expecting|waiting for|look forward to|looking forward to|meeting|seeing|awaiting"
    r"|await) (?:\w+ )?you\b"
    r"|\b(?:agreed|settled|a deal|a date)\b|\b(?:talk|speak|see you|meet) then\b|\bваше время\b"
    r"|\bwe(?:'re| are)? (?:meet|meeting|talk|talking|speak|speaking)\b|\b(?:it's"
    r"|it is) (?:on )?(?:\w+day|settled)\b"
)
# "Тогда до пятницы!", "Тогда в пятницу в 15:00." say nothing but when.
_OPENERS = (
    r"(?:(?:тогда|значит|итак|хорошо|отлично|и|а|ну|ок|окей|что ж|договорились|супер|спасибо|great|ok"
    r"|okay|then|so"
    r"|well|good|thanks|perfect|все|да)\W{1,3}){0,3}"
)
_WEEKDAY_EN = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_ONLY_A_TIME = re.compile(
    rf"^{_OPENERS}(?:до (?:завтра|послезавтра|понедельника|вторника|среды|четверга|пятницы|субботы"
    rf"|воскресенья)"
    rf"|(?:в |во |на )?{_DAY}(?: так (?:в |во )?{_DAY})?"
    rf"|(?:see you|until|till|talk|speak) (?:then )?(?:on )?(?:tomorrow|{_WEEKDAY_EN})"
    rf"|(?:on )?{_WEEKDAY_EN}(?: it is)?)"
    r"(?:,? (?:в )?\d{1,2}(?:[:.]\d\d)?|,? at \d{1,2}(?::\d\d)?(?: ?[ap]m)?)?(?: then)?\W*$"
)
_ANY_MOMENT = re.compile(
    rf"{_MOMENT}|\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|tomorrow|today|noon|at \d{{1,2}}"
    rf"|\d{{1,2}} ?[ap]m)\b"
)
_CHOOSE = re.compile(
    r"\b(?:выб[еи]р|подб[еи]р|нажм|отметьте|запишитесь|забронируйте|удобно ли|если|давайте|можем|можно"
    r"|подойдет ли|could"
    r"|choose|pick|select|book|if|let's|shall|would|can)\w*"
)
_PICK = re.compile(
    r"\b(?:выбер|выбир|подбер|запишитесь|забронируйте|подтвердите|choose|pick|select|book"
    r"|please confirm)\w*"
)
# The contact says that a time is booked: then it may be named.
_REPORTED = re.compile(
    r"\b(?:записал(?:ся|ась|ись|и)|забронировал\w*|выбрал\w*|назначил\w*|поставил\w*|booked|scheduled"
    r"|picked|selected|chose"
    r"|chosen)\b"
)


# A person or the company will send something: only texts and the link for the booking go from here.
_SENDS = re.compile(
    r"(?<!не )\b(?:при|ото|пере|вы)?(?:шлю|сылаю)\b"
    r"|(?<!не )\b(?:отправ|скин|сброш|сбрасыв|перекин|направ|кин|продублиру|подел)(?:лю|ляю|у|аю|ю|юсь)\b"
    r"|(?<!не )\b(?:пришлем|вышлем|отправим|скинем|сбросим|направим|перешлем|поделимся)\b(?=[^.!?…\n]{0,40}"
    r"\b(?:вам|каталог|смет|фото|пример|прайс|договор|предложени|презентаци|документ|файл|видео|счет"
    r"|почт)|\W{0,3}$)"
    r"|\b(?:i|we)(?:'ll| will| can| am going to| are going to|'m going to)? (?:\w+ )?(?:send|email"
    r"|e-mail|mail|text"
    r"|post|forward|share|drop|whatsapp|dm)\b"
)
_BY_OTHER_WAYS = re.compile(
    r"\b(?:напишу|напишем|позвоню|наберу|свяжемся|свяжусь|сообщу|сообщим|продолжим|перейдем|дублирую"
    r"|будет|придет|получите"
    r"|i'll|we'll|will|write|reach)\b[^.!?…\n]{0,40}\b(?:в|на|по|через|via|on|by|to your|an?) (?:ваш\w* "
    r"|your )?"
    r"(?:whatsapp|whats app|ватсап\w*|вотсап\w*|вацап\w*|viber|вайбер\w*|почт[уеы]|e-?mail\w*|имейл\w*"
    r"|мейл\w*"
    r"|sms|смс\w*|skype|скайп\w*|zoom|зум\w*|instagram|инстаграм\w*|вк|max|макс|google meet|text message"
    r"|signal)\b"
)
# The link is added to the text; what comes after the talk is up to those who hold it.
_THE_LINK = re.compile(r"\b(?:ссылк|линк|link|слот)\w*|\bпосле\b|\bafter\b")


def find_problem(text: str, contact_texts: str = "", company: str = "") -> str | None:
    """Return why the text claims too much; None if it claims no action.

    `contact_texts` are the contact's own: a time that they have booked themselves may be confirmed. What
    `company`, the description, says of sending may be repeated.
    """
    is_booked = _REPORTED.search(search_form(contact_texts)) is not None
    leaves_choice = _PICK.search(search_form(text)) is not None
    for sentence in sentences.split(text):
        # A question is no claim: "have you sent the form?"
        if sentence.endswith("?"):
            continue
        if (
            _DONE.search(sentence)
            or _DID.search(sentence)
            or _WILL.search(sentence)
            or _ENGLISH.search(sentence)
            or (not is_booked and _fixes_a_time(sentence, leaves_choice=leaves_choice))
            or _sends_something(sentence, company)
        ):
            return "it claims an action that the assistant cannot do"
    return None


def _fixes_a_time(sentence: str, *, leaves_choice: bool) -> bool:
    """Return True if the sentence settles a day or an hour, and does not leave the choice to the contact.

    `leaves_choice`: the text asks them to pick a time. Then it may say which one they have in mind.
    """
    if _CHOOSE.search(sentence):
        return False
    has_moment = _ANY_MOMENT.search(sentence) is not None
    if has_moment and (_FIXED.search(sentence) or _MEETING.search(sentence)):
        return True
    if leaves_choice:
        return False
    return _ONLY_A_TIME.search(sentence) is not None or (has_moment and _AGREED.search(sentence) is not None)


def _sends_something(sentence: str, company: str) -> bool:
    """Return True if a letter, a file or another channel is promised, unless the description does so."""
    if _THE_LINK.search(sentence) or sentences.is_left_open(sentence):
        return False
    if not (_SENDS.search(sentence) or _BY_OTHER_WAYS.search(sentence)):
        return False
    return not any(_SENDS.search(own) or _BY_OTHER_WAYS.search(own) for own in _sentences_of(company))


@lru_cache(maxsize=8)
def _sentences_of(company: str) -> tuple[str, ...]:
    return tuple(sentences.split(company))
