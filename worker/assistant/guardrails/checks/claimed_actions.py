"""Detects claims that something was done which no text of the assistant can do. Pure.

The assistant writes; it books nothing, sends no documents, phones nobody. A booking is made by the contact at
the link, everything else by a colleague.
"""

import re

from worker.assistant.guardrails.text_normalization import search_form

_SENTENCE = re.compile(r"[^.!?…\n]+[.!?…\n]?")
_SINGULAR = (
    r"записал|забронировал|зарезервировал|отправил|выслал|прислал|скинул|оформил|назначил|перенес(?:ла)?"
    r"|отменил"
    r"|подтвердил|договорил(?:ся|ась)|согласовал|позвонил|перезвонил|набрал|внес(?:ла)?|создал|запланировал"
    r"|поставил|удалил|заказал|оплатил|вернул|рассчитал|подготовил|закрепил|сделал"
)
_PLURAL = (
    r"записали|забронировали|зарезервировали|отправили|выслали|прислали|скинули|оформили|назначили|перенесли"
    r"|отменили|подтвердили|договорились с|согласовали|позвонили|внесли|создали|запланировали|поставили"
    r"|удалили"
    r"|закрепили|подготовили"
)
_DONE = re.compile(
    # "Записал, что вам удобно" is a note, not a booking. "Вы отправили заявку" is the contact's action.
    rf"(?<!вы )(?<!не )(?<!бы )\b(?:{_SINGULAR})а?\b(?!\s?[:,])(?! бы\b)(?! для себя)"
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
)
_WILL = re.compile(
    r"(?<!не )\b(?:пере|по)?(?:звоню|наберу)\b|\bя (?:вам |вас )?(?:пере|по)звоню\b"
    r"|\b(?:отправлю|вышлю|пришлю|скину|отправляю|высылаю|присылаю"
    r"|подготовлю)\b[^.!?…\n]{0,30}\b(?:договор|кп"
    r"|коммерческ|предложени|смет|документ|презентаци|портфолио|прайс|счет|счёт|файл|фото|пример|каталог"
    r"|анкет|бриф"
    r"|на почту|на email|на e-mail|на ватсап|на whatsapp)\w*"
    r"|\b(?:запишу|записываю|забронирую|бронирую|назначу|назначаю|перенесу|переношу|отменю|отменяю)\b"
    r"(?! (?:себе|это|что|для себя|вопрос|ваш вопрос|пожелани))"
)
_ENGLISH = re.compile(
    r"\b(?:i|we)(?:'ve| have)?(?: just| already| now){0,2} (?:booked|scheduled|reserved|sent|emailed"
    r"|arranged|confirmed"
    r"|cancelled|canceled|rescheduled|moved|signed you|put you|called you|phoned|added you|refunded"
    r"|deleted|removed"
    r"|forwarded you|prepared|placed)\b"
    r"|\b(?:your|the|our) (?:\w+ ){0,2}(?:call|meeting|appointment|booking|visit|slot|order|contract"
    r"|refund|offer"
    r"|measuring|data)\b[^.!?…\n]{0,40} (?:is|has been|have been|was|are) (?:now |already |all )?(?:booked"
    r"|confirmed"
    r"|scheduled|arranged|set|reserved|sent|cancelled|rescheduled|moved|deleted|removed|processed)\b"
    r"|\b(?:manager|colleague|specialist|team|director)s? (?:has|have) (?:already |just )?(?:called|sent"
    r"|started"
    r"|prepared|booked|contacted|arranged|confirmed|phoned)\b"
    r"|\byou(?:'re| are| have been) (?:now |already |all )?(?:booked|set|scheduled|confirmed|signed up"
    r"|registered)\b"
    r"|\bi(?:'ll| will) (?:\w+ )?(?:call|phone|ring|book|reserve|reschedule|cancel)\b"
    r"|\bi(?:'ll| will)? (?:\w+ )?(?:send|email|forward)(?:ing)? (?:you )?(?:\w+ ){0,2}(?:contract|offer"
    r"|proposal"
    r"|estimate|document|invoice|portfolio|file|price list|brochure|quote|brief|example|catalog)"
    r"|\b(?:is|are) (?:already )?on (?:his|her|their|the) way\b|\bi(?:'ve| have)? talked to\b"
)


def find_problem(text: str) -> str | None:
    """Return why the text claims too much; None if it claims no action."""
    for sentence in _SENTENCE.findall(search_form(text)):
        # A question is no claim: "have you sent the form?"
        if sentence.endswith("?"):
            continue
        if (
            _DONE.search(sentence.strip())
            or _WILL.search(sentence)
            or _ENGLISH.search(sentence.replace("’", "'"))
        ):
            return "it claims an action that the assistant cannot do"
    return None
