"""Fixed texts in Russian and English, for messages without the model or with a refused model text. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.intents import Intent
from worker.domain.assistant_port import Brief

_CYRILLIC = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")

_ANSWERS = {
    "ru": {
        Intent.ACCEPT: "Отлично! Выберите, пожалуйста, удобное время для звонка:",
        Intent.REJECT: "Поняли вас, извините за беспокойство. Если что-то изменится — просто напишите сюда.",
        Intent.QUESTION: "Хороший вопрос. Уточню у коллег и вернусь с ответом. "
        "А пока можем созвониться и обсудить всё сразу — вам удобно?",
        Intent.AMBIGUOUS: "Хочу уточнить, чтобы ничего не перепутать: удобно ли вам коротко созвониться?",
    },
    "en": {
        Intent.ACCEPT: "Great! Please pick a time for the call that suits you:",
        Intent.REJECT: "Understood, sorry to have bothered you. If anything changes, just write here.",
        Intent.QUESTION: "Good question. I will check with my colleagues and come back to you. "
        "Meanwhile, shall we talk it over on a short call?",
        Intent.AMBIGUOUS: "Sorry, I did not quite get that. Would a short call suit you?",
    },
}

# What the person is told whatever the model wrote.
_OPTED_OUT = {
    "ru": "Хорошо, больше не будем вам писать. Извините за беспокойство.",
    "en": "All right, we will not write to you again. Sorry to have bothered you.",
}
_CANNOT_TELL = {
    "ru": ("Точного ответа на это у меня нет.", "На этот вопрос точно ответит специалист на звонке."),
    "en": ("I do not have an exact answer to this.", "A specialist will answer this exactly on the call."),
}

_NEW_REQUEST_RECEIVED = {
    "ru": "Спасибо, получили и вашу новую заявку — учтём её в разговоре.",
    "en": "Thank you, we have received your new request too and will keep it in mind.",
}


@dataclass(frozen=True)
class _Handover:
    """A text that hands the conversation over: if a colleague is told, and if no notice reaches one.

    Without a notice the console shows the conversation, and the text promises nothing.
    """

    told: str
    untold: str


_HUMAN_CALLED = {
    "ru": _Handover(
        "Конечно, передаю нашу переписку коллеге — он ответит вам здесь.",
        "Понимаю. Ваша просьба поговорить с человеком сохранена для коллег.",
    ),
    "en": _Handover(
        "Of course, I am passing our conversation on to a colleague, who will answer you here.",
        "I understand. Your wish to talk to a person is kept here for my colleagues.",
    ),
}
_HANDOFF_NOTICE = {
    "ru": _Handover(
        "Чтобы ничего не перепутать, передам нашу переписку коллеге — он вам здесь ответит.",
        "Чтобы ничего не перепутать, сам на это отвечать не буду: переписка сохранена для коллег.",
    ),
    "en": _Handover(
        "To get this right, I will pass our conversation on to a colleague, who will answer you here.",
        "To get this right, I will not answer this myself: our conversation is kept for my colleagues.",
    ),
}
_SPECIAL_REQUESTS = {
    "ru": {
        "call": _Handover(
            "Записал: вам удобнее, чтобы позвонили мы. Передаю коллеге, он свяжется с вами.",
            "Записал: вам удобнее, чтобы позвонили мы.",
        ),
        "calendar": _Handover(
            "Извините за неудобство с записью. Напишите, пожалуйста, удобные день и время:"
            " коллега запишет вас сам.",
            "Извините за неудобство с записью. Напишите, пожалуйста, удобные день и время:"
            " сохраню их для коллег.",
        ),
        "move": _Handover(
            "Конечно. Другое время можно выбрать по той же ссылке, а коллегу я предупрежу:",
            "Конечно. Другое время можно выбрать по той же ссылке:",
        ),
    },
    "en": {
        "call": _Handover(
            "Noted: you would rather be called. I am passing this on to a colleague.",
            "Noted: you would rather be called.",
        ),
        "calendar": _Handover(
            "Sorry for the trouble with the booking page. Please write which day and time suit you:"
            " a colleague will book it for you.",
            "Sorry for the trouble with the booking page. Please write which day and time suit you:"
            " they will be kept for my colleagues.",
        ),
        "move": _Handover(
            "Of course. You can pick another time at the same link, and I will let my colleague know:",
            "Of course. You can pick another time at the same link:",
        ),
    },
}
_HANDOVERS = tuple(
    handover
    for language in ("ru", "en")
    for handover in (
        _HUMAN_CALLED[language],
        _HANDOFF_NOTICE[language],
        *_SPECIAL_REQUESTS[language].values(),
    )
)


def form_language(name: str, answers: Sequence[str]) -> str:
    """Return `en` if a form's name and answers have only Latin letters, else `ru`; also without answers."""
    words = " ".join([name, *answers]).lower()
    is_latin = any(ch.isalpha() for ch in words) and not _CYRILLIC & set(words)
    return "en" if is_latin and answers else "ru"


def greeting(brief: Brief, company: str) -> str:
    """Return a first message in the language of the form."""
    language = form_language(brief.name, list(brief.request.values()))
    if language == "en":
        return (
            f"{_hello(brief.name, language)} This is {company}: you left a request on our website. "
            "Would you like to discuss it on a short call?"
        )
    return (
        f"{_hello(brief.name, language)} Это {company}: вы оставили заявку на нашем сайте. "
        "Удобно ли вам обсудить её на коротком звонке?"
    )


def neutral_greeting(name: str, company: str, language: str) -> str:
    """Return a first message that only asks whether the person left a request; `language` as in `answer`."""
    return f"{_hello(name, language)} {_did_you_leave_a_request(company, language)}"


def ask_again_about_request(company: str, language: str) -> str:
    """Return the question, asked once more, whether the person left a request; `language` as in `answer`."""
    if language == "ru":
        return f"Хочу уточнить, чтобы ничего не перепутать: {_uncapitalized(company, language)}"
    return f"Just to make sure: {_uncapitalized(company, language)}"


def follow_up_unconfirmed(company: str, language: str) -> str:
    """Return the promised follow-up to an unconfirmed person; `language` as in `answer`."""
    if language == "ru":
        return f"Здравствуйте! Вы просили написать сегодня. Подскажите: {_uncapitalized(company, language)}"
    return f"Hello! You asked me to write today. Please tell me: {_uncapitalized(company, language)}"


def will_find_out(language: str) -> str:
    """Return the answer to a question that needs a colleague, without the offer of a call."""
    if language == "ru":
        return "Хороший вопрос. Уточню у коллег и вернусь с ответом."
    return "Good question. I will check with my colleagues and come back to you."


def _hello(name: str, language: str) -> str:
    word = "Здравствуйте" if language == "ru" else "Hello"
    return f"{word}, {name}!" if name else f"{word}!"


def _did_you_leave_a_request(company: str, language: str) -> str:
    if language == "ru":
        return f"Вы оставляли заявку в {company}?"
    return f"Did you leave a request with {company}?"


def _uncapitalized(company: str, language: str) -> str:
    question = _did_you_leave_a_request(company, language)
    return question[0].lower() + question[1:]


def answer(intent: Intent, language: str) -> str:
    """Return a text for an intent. `language` is an ISO 639-1 code: Russian for `ru`, else English."""
    return _ANSWERS["ru" if language == "ru" else "en"][intent]


def handoff_notice(language: str) -> str:
    """Return the notice that a human takes over; `language` as in `answer`."""
    return _HANDOFF_NOTICE["ru" if language == "ru" else "en"].told


def human_called(language: str) -> str:
    """Return the answer to a person who asks for a human; `language` as in `answer`."""
    return _HUMAN_CALLED["ru" if language == "ru" else "en"].told


def opted_out(language: str) -> str:
    """Return the last message to a person who asks for no more messages; `language` as in `answer`."""
    return _OPTED_OUT["ru" if language == "ru" else "en"]


def cannot_tell(language: str, *, offers_call: bool) -> str:
    """Return the sentence that replaces a promise which no human would keep; `language` as in `answer`."""
    return _CANNOT_TELL["ru" if language == "ru" else "en"][offers_call]


def follow_up_promise(language: str, day: str) -> str:
    """Return the promise to write on a day; `day` is a text of worker.dialogue.dates.format_day."""
    if language == "ru":
        return f"Хорошо, напишу вам {day}. Если понадобимся раньше — просто напишите сюда."
    return f"All right, I will write to you {day}. If you need us earlier, just write here."


def follow_up(language: str) -> str:
    """Return the follow-up that was promised for today; `language` as in `answer`."""
    if language == "ru":
        return "Здравствуйте! Вы просили написать сегодня по вашей заявке. Удобно ли коротко созвониться?"
    return "Hello! You asked me to write today about your request. Would a short call suit you?"


def voice_not_supported(language: str) -> str:
    """Return the notice that voice messages cannot be transcribed; `language` as in `answer`."""
    if language == "ru":
        return "Извините, голосовое я прослушать не могу. Напишите, пожалуйста, текстом — сразу отвечу."
    return "Sorry, I cannot listen to voice messages. Please write, and I will answer at once."


def new_request_received(language: str) -> str:
    """Return the confirmation of another form by the same contact; `language` as in `answer`."""
    return _NEW_REQUEST_RECEIVED["ru" if language == "ru" else "en"]


def special_request(case: str, language: str) -> str:
    """Return the answer to a request for a human: `call`, `calendar` or `move`."""
    return _SPECIAL_REQUESTS["ru" if language == "ru" else "en"][case].told


def without_notice(text: str) -> str:
    """Return a handover text without the promise that a colleague is told or answers."""
    for handover in _HANDOVERS:
        text = text.replace(handover.told, handover.untold)
    return text
