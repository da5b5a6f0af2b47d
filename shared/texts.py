"""Statuses and reasons in the owner's language, for notices, commands and the command line. Pure.

Reasons are stored in English. One without a translation, such as a provider's own sentence, stays as it is.
"""

import re
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Literal

Language = Literal["ru", "en"]

STATUSES: Mapping[Language, Mapping[str, str]] = MappingProxyType(
    {
        "ru": {
            "pending": "новая заявка",
            "resolved": "найден в Telegram",
            "contacted": "написали",
            "engaged": "разговор идёт",
            "scheduled": "согласен на звонок",
            "booked": "записан",
            "rejected": "отказ",
            "no_reply": "не ответил",
            "unreachable": "не достучались",
            "failed": "сбой",
            "handed_off": "у человека",
        },
        "en": {
            "pending": "new",
            "resolved": "found in Telegram",
            "contacted": "written to",
            "engaged": "in conversation",
            "scheduled": "agreed to a call",
            "booked": "booked",
            "rejected": "refused",
            "no_reply": "no reply",
            "unreachable": "not reached",
            "failed": "failed",
            "handed_off": "with a human",
        },
    }
)

# {…} stands for any words. They are translated too, if they are a reason themselves.
_REASONS_RU: Mapping[str, str] = MappingProxyType(
    {
        "no Telegram account can be found by this phone": "по этому телефону в Telegram никого не найти",
        "nobody has this username": "такого имени в Telegram нет",
        "this is no username that Telegram allows": "таких имён в Telegram не бывает",
        "Telegram says that this is no phone number": "Telegram не считает это номером телефона",
        "Telegram has banned this phone number": "Telegram заблокировал этот номер",
        "Telegram does not save a contact under this name": "Telegram не сохраняет контакт с таким именем",
        "neither a username nor a phone to dial": "нет ни имени в Telegram, ни телефона",
        "no phone was given": "телефона в заявке нет",
        "the username is the same person's": "имя принадлежит тому же человеку",
        "the phone is the same person's": "телефон принадлежит тому же человеку",
        "this is a bot": "это бот",
        "this is {what}": "это {what}",
        "a bot, not a person": "бот, а не человек",
        "this is a group or a channel, not a person": "это группа или канал, а не человек",
        "their privacy settings do not let strangers write": "настройки человека не дают писать незнакомым",
        "only Telegram Premium accounts may write to them": "человеку могут писать только с Telegram Premium",
        "they have blocked this account": "человек заблокировал ваш аккаунт",
        "this account has blocked them": "ваш аккаунт заблокировал этого человека",
        "their Telegram account is deleted": "аккаунт человека удалён",
        "Telegram no longer knows this person": "Telegram больше не знает этого человека",
        "Telegram does not let this account write to them": "Telegram не даёт писать этому человеку",
        "Telegram does not let this account see the person": "Telegram не показывает этого человека",
        "Telegram names a person who does not have this username": "имя теперь принадлежит другому человеку",
        "Telegram names a person who has another phone": "телефон теперь принадлежит другому человеку",
        "they take {price}Telegram Stars for messages from strangers (MAX_STARS_PER_MESSAGE)": (
            "человек берёт {price}Telegram Stars за сообщения от незнакомых (MAX_STARS_PER_MESSAGE)"
        ),
        "this account has too few Telegram Stars to pay for a message to them": (
            "на аккаунте не хватает Telegram Stars для сообщения этому человеку"
        ),
        "on the do-not-contact list: {why}": "в списке «не писать»: {why}",
        "asked not to be written to": "человек просил не писать",
        "asked to be erased": "человек просил удалить его данные",
        "asks to be called": "просит позвонить",
        "asks for a human": "просит человека",
        "the assistant asked for a human": "ассистент позвал человека",
        "has trouble with the booking page": "не получается записаться по ссылке",
        "wants to move a booked meeting": "хочет перенести встречу",
        "two unclear answers in a row": "два непонятных ответа подряд",
        "the draft was rejected": "черновик отклонён",
        "taken over by the owner": "вы взяли разговор",
        "taken over on request": "коллега взял разговор",
        "given back by the owner": "вы вернули разговор",
        "given back on request": "разговор вернули ассистенту",
        "the same person's conversation is open as lead {lead}": "с ним уже идёт разговор, лид {lead}",
        "the same person's conversation is with a human as lead {lead}": (
            "с этим человеком уже говорит коллега, лид {lead}"
        ),
        "after {number} attempts: {why}": "попыток: {number}; {why}",
        "its worker was lost {number} times in a row": "worker на этой заявке падал {number} раз подряд",
        "the lead is {status}: there is no conversation to take over": "разговора ещё нет ({status})",
        "the lead is {status}: no human has it": "разговор не у человека ({status})",
        "nobody has been found in Telegram for this lead yet": "человек в Telegram ещё не найден",
        "nobody was found in Telegram for this lead before it was taken over": (
            "человека в Telegram так и не нашли"
        ),
        "the model's provider refuses these messages": "провайдер модели отклоняет эти сообщения",
        "the model's rate limit is reached": "исчерпан лимит запросов к модели",
        "the model did not answer in time": "модель не ответила вовремя",
        "the model's server answered with an error": "сервер модели ответил ошибкой",
        "the model cannot be reached: {why}": "до модели не достучаться: {why}",
        "no connection": "нет соединения",
        "the model's answer was malformed or cut off": "ответ модели не удалось прочитать",
        "the model's answer was empty": "модель ответила пустотой",
        "the model's API refuses this key or this country: see OPENAI_PROXY and OPENAI_BASE_URL": (
            "модель отклоняет ключ или страну: см. OPENAI_PROXY и OPENAI_BASE_URL"
        ),
        "Telegram asks to wait {seconds} s before {method}": "Telegram просит ждать {seconds} с ({method})",
        "Telegram asks to wait {seconds} s": "Telegram просит подождать {seconds} с",
        "Telegram restricts this account: ask @SpamBot why": "Telegram ограничил аккаунт: спросите @SpamBot",
        "Telegram has frozen this account: its owner may appeal to @SpamBot": (
            "Telegram заморозил аккаунт: напишите @SpamBot"
        ),
        "Telegram has ended this session": "Telegram завершил этот вход",
        "this session was used in two places at once and Telegram has ended it": (
            "вход использовали в двух местах сразу, и Telegram его завершил"
        ),
        "sign the account in again: python -m worker login": "войдите снова: python -m worker login",
        "Telegram has banned this account": "Telegram заблокировал аккаунт",
        "write to recover@telegram.org": "напишите на recover@telegram.org",
        "this Telegram account is deleted": "этот аккаунт Telegram удалён",
    }
)
# `@anna: ` or `+7…67: ` before a reason names the contact.
_CONTACT = re.compile(r"(@\w+|\+?[\d…*]+): (.+)", re.DOTALL)


def name_of_status(language: Language, status: object) -> str:
    """Return a status in plain words; a status of a newer program stays as it is."""
    return STATUSES[language].get(str(status), str(status))


def translate_reason(language: Language, reason: str | None) -> str:
    """Return a stored reason in the owner's language; parts without a translation stay as they are."""
    if language == "en" or not reason:
        return reason or ""
    return _translate(reason.strip())


def _translate(reason: str) -> str:
    if (whole := _translate_whole(reason)) is not None:
        return whole
    if contact := _CONTACT.fullmatch(reason):
        return f"{contact[1]}: {_translate(contact[2])}"
    first, separator, rest = reason.partition("; ")
    return f"{_translate(first)}; {_translate(rest)}" if separator else reason


def _translate_whole(reason: str) -> str | None:
    if (known := STATUSES["ru"].get(reason)) is not None:
        return known
    for pattern, translation in _patterns():
        if (match := pattern.fullmatch(reason)) is not None:
            return translation.format(
                **{
                    name: _translate(part) if part.strip() else part
                    for name, part in match.groupdict().items()
                }
            )
    return None


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Return the reasons as patterns, those without gaps first."""
    ordered = sorted(_REASONS_RU.items(), key=lambda pair: pair[0].count("{"))
    return [(_pattern(template), translation) for template, translation in ordered]


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.split(r"(\{\w+\})", template)
    return re.compile(
        "".join(f"(?P<{part[1:-1]}>[^;]*?)" if part.startswith("{") else re.escape(part) for part in parts)
    )
