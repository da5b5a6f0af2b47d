"""Texts of the owner's notices in Russian and English: lead ids and names, phones masked; no I/O."""

from collections.abc import Mapping, Sequence
from shared.logging_setup import mask_phones
from shared.texts import Language, translate_reason

MAX_LINES = 15
MAX_LINE_LENGTH = 200
# An error text of the API lists fields of the form. The line about refused calls may be longer than others.
MAX_REASON_LENGTH = 300
MAX_LONG_LINE = 500
_MAX_SOURCES_LENGTH = 60
# Telegram accepts 4,096 characters.
MAX_TEXT_LENGTH = 4000
_TEXTS: dict[Language, dict[str, str]] = {
    "ru": {
        "scheduled": "Лид {lead}, {name}: согласие на звонок, ссылка отправлена.",
        "handed_off": "Лид {lead}, {name}: нужен человек ({reason}).",
        "question": "Лид {lead}, {name}: обещали уточнить ответ: «{words}». Ответить: {lead}: текст",
        "failed": "Лид {lead}, {name}: не получается ({reason}). Решать человеку.",
        "unreachable": "Лид {lead}, {name}: не достучались ({reason}). Если есть другой контакт, напишите сами.",
        "draft": "Лид {lead}, {name}: черновик ждёт решения: «{words}». Отправить: {lead} одобряю",
        "draft_late": "Лид {lead}, {name}: черновик ждёт больше часа: «{words}». Отправить: {lead} одобряю",
        "waiting": "Ждут своей очереди: {count}. За сутки аккаунты начинают не больше {limit} разговоров"
        " (так аккаунт не заблокируют); через {days} дн. будет {full}. Дольше всех ждёт с {since}.",
        "waiting_full": "Ждут своей очереди: {count}. За сутки аккаунты начинают не больше {limit} разговоров."
        " Дольше всех ждёт с {since}.",
        "away": "Worker не работал {hours} ч {minutes} мин, с {since}. За это время заявок: {leads},"
        " людей написало: {people}. Теперь он отвечает.",
        "away_other": "Аккаунт {account}: worker не отвечает с {since}. Ждут: {count}.",
        "storage": "База данных не принимала записи с {since} до {until}: {reason}."
        " Формы в это время получали отказ 503, сервисы форм присылают их снова.",
        "week": "Неделя {start}–{end}: заявок {forms}, написали {contacted}, ответили {answered},"
        " согласились {agreed}. До первого сообщения: половина за {p50}, 95% за {p95}. Откуда: {sources}.",
        "no_sources": "источник не указан",
        "returned": "Лид {lead}, {name}: не удалось написать, но человек пишет сам. Разговор идёт дальше.",
        "stranger": "Пишет человек без заявки, {name}: «{words}».",
        "limited": "Аккаунт {account}: Telegram ограничил первые сообщения ({reason}).",
        "needs_login": "Аккаунт {account}: нужен новый вход ({reason}).",
        "banned": "Аккаунт {account}: заблокирован ({reason}).",
        "refusal": "Telegram не принимает сообщения: {reason}. Посмотрите, что с аккаунтом.",
        "model": "Модель недоступна, людям не отвечаем: {reason}.",
        "second_provider": "Людям отвечает вторая модель, {second}. Первая, {first}, недоступна: {reason}.",
        "first_provider": "Первая модель, {first}, снова отвечает. Вторая, {second}, больше не используется.",
        "careful": "Модель {model} плохо прошла проверку ({score}, нужно {bar}): ассистент осторожен,"
        " чаще пишет готовыми текстами. Подробно: python -m worker qualify.",
        "summary": "Вчера, {day}: заявок {leads}, согласились на звонок {scheduled}."
        " Сейчас ждут человека {taken}, ответа ассистента {unanswered}.{more}",
        "summary_more": " За вчера: не достучались {unreachable}, сбоев {failed}, непрочитанных форм {refused}."
        " Сейчас: черновиков {drafts}, ждут очереди {waiting}.",
        "refused": "Не удалось прочитать {count} {calls} с форм ({sources}). Последняя причина: {reason}."
        " Посмотреть: GET /deliveries?outcome=refused; после исправления: POST /deliveries/{delivery}/replay",
        "more": "…и ещё {count}",
        "nameless": "без имени",
    },
    "en": {
        "scheduled": "Lead {lead}, {name}: agreed to a call, the link is sent.",
        "handed_off": "Lead {lead}, {name}: a human is needed ({reason}).",
        "question": "Lead {lead}, {name}: was promised an answer: “{words}”. To answer: {lead}: text",
        "failed": "Lead {lead}, {name}: failed ({reason}). A human has to decide.",
        "unreachable": "Lead {lead}, {name}: not reached ({reason}). If you have another contact, write yourself.",
        "draft": "Lead {lead}, {name}: a draft waits for you: “{words}”. To send it: {lead} approve",
        "draft_late": "Lead {lead}, {name}: a draft has waited for an hour: “{words}”. To send it: {lead} approve",
        "waiting": "{count} people wait for their turn. The accounts begin at most {limit} conversations in 24"
        " hours, to keep them safe; in {days} days it is {full}. The longest has waited since {since}.",
        "waiting_full": "{count} people wait for their turn. The accounts begin at most {limit} conversations in"
        " 24 hours. The longest has waited since {since}.",
        "away": "The worker was away for {hours} h {minutes} min, since {since}. Meanwhile {leads} leads came,"
        " and {people} people wrote. It answers now.",
        "away_other": "Account {account}: its worker has not answered since {since}. {count} wait for it.",
        "storage": "The database stored nothing from {since} to {until}: {reason}. Forms were answered with 503,"
        " and form services send them again.",
        "week": "The week {start}–{end}: {forms} forms, {contacted} written to, {answered} answered, {agreed}"
        " agreed. Until the first message: half within {p50}, 95% within {p95}. From: {sources}.",
        "no_sources": "no source given",
        "returned": "Lead {lead}, {name}: could not be written to, but now writes. The conversation goes on.",
        "stranger": "Somebody without a request writes, {name}: “{words}”.",
        "limited": "Account {account}: Telegram limits first messages ({reason}).",
        "needs_login": "Account {account}: has to be signed in again ({reason}).",
        "banned": "Account {account}: banned ({reason}).",
        "refusal": "Telegram does not accept messages: {reason}. Look what is wrong with the account.",
        "model": "The model is away, people get no answers: {reason}.",
        "second_provider": "The second model, {second}, answers. The first, {first}, is out: {reason}.",
        "first_provider": "The first model, {first}, answers again. The second, {second}, is no longer used.",
        "careful": "The model {model} did badly in its test ({score}, {bar} is needed): the assistant is careful,"
        " and uses fixed texts more often. Details: python -m worker qualify.",
        "summary": "Yesterday, {day}: {leads} leads, {scheduled} agreed to a call."
        " Now {taken} wait for a human, {unanswered} for the assistant.{more}",
        "summary_more": " Yesterday {unreachable} were not reached, {failed} failed, {refused} forms could not be"
        " read. Now {drafts} drafts and {waiting} people wait.",
        "refused": "{count} {calls} from forms could not be read ({sources}). The last reason: {reason}."
        " See GET /deliveries?outcome=refused; once it is fixed: POST /deliveries/{delivery}/replay",
        "more": "…and {count} more",
        "nameless": "no name",
    },
}


def render_line(language: Language, template: str, **values: object) -> str:
    """Fill in one template; returns a single line of at most `MAX_LINE_LENGTH` characters.

    A reason is translated.
    """
    if "reason" in values:
        values["reason"] = translate_reason(language, str(values["reason"] or "?"))
    values["name"] = str(values.get("name") or "").strip() or _TEXTS[language]["nameless"]
    return _cut(_render(language, template, values), MAX_LINE_LENGTH)


def render_long(language: Language, template: str, **values: object) -> str:
    """Fill in one template whose line may be longer, such as a summary."""
    if "reason" in values:
        values["reason"] = translate_reason(language, str(values["reason"] or "?"))
    return _cut(_render(language, template, values), MAX_LONG_LINE)


def duration(language: Language, seconds: float | None) -> str:
    """Return a duration in the owner's words, such as `40 с` or `2 ч`."""
    if seconds is None:
        return "—"
    units = (("с", "s", 1), ("мин", "min", 60), ("ч", "h", 3600))
    russian, english, size = next(
        unit for unit in reversed(units) if seconds >= 2 * unit[2] or unit is units[0]
    )
    return f"{seconds / size:.0f} {russian if language == 'ru' else english}"


def render_refused(
    language: Language, counts: Sequence[tuple[str, int]], reason: str, delivery_id: int
) -> str:
    """Return the line about refused webhook calls; `counts`: by source, `delivery_id`: the last call."""
    count = sum(number for _, number in counts)
    sources = ", ".join(f"{source}: {number}" for source, number in counts)
    values = {
        "count": count,
        "calls": _calls(language, count),
        "sources": _cut(sources, _MAX_SOURCES_LENGTH),
        "reason": _cut(mask_phones(reason).rstrip(".") or "?", MAX_REASON_LENGTH),
        "delivery": delivery_id,
    }
    return _render(language, "refused", values)


def join_lines(language: Language, lines: Sequence[str]) -> str:
    """Join lines into one message; lines for which there is no room are replaced with their count."""
    shown = [*lines[:MAX_LINES]]
    while sum(map(len, shown)) > MAX_TEXT_LENGTH:
        shown.pop()
    if len(lines) > len(shown):
        shown.append(_TEXTS[language]["more"].format(count=len(lines) - len(shown)))
    return "\n".join(shown)


def _render(language: Language, template: str, values: Mapping[str, object]) -> str:
    return " ".join(mask_phones(_TEXTS[language][template].format(**values)).split())


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else f"{text[: length - 1]}…"


def _calls(language: Language, count: int) -> str:
    if language == "en":
        return "call" if count == 1 else "calls"
    if count % 10 in {1, 2, 3, 4} and count % 100 not in {11, 12, 13, 14}:
        return "обращение" if count % 10 == 1 else "обращения"
    return "обращений"
