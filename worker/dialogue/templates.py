"""Pure: what is said when the model's own words are missing or unfit, in Russian or English."""

from shared.statuses import Intent
from worker.domain.assistant_port import Brief

_CYRILLIC = frozenset("абвгдеёжзийклмнопрстуфхцчшщъыьэюя")

_SAFE = {
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

_HANDOVER = {
    "ru": "Чтобы ничего не перепутать, передам нашу переписку коллеге — он вам здесь ответит.",
    "en": "To get this right, I will pass our conversation on to a colleague, who will answer you here.",
}


_NOTED = {
    "ru": "Спасибо, получили и вашу новую заявку — учтём её в разговоре.",
    "en": "Thank you, we have received your new request too and will keep it in mind.",
}


def greeting(brief: Brief, company: str) -> str:
    """A first message without the model: in English for a request written in Latin letters only."""
    words = " ".join([brief.name, *brief.request.values()]).lower()
    if any(ch.isalpha() for ch in words) and not _CYRILLIC & set(words) and brief.request:
        hello = f"Hello, {brief.name}!" if brief.name else "Hello!"
        return (
            f"{hello} This is {company}: you left a request on our website. "
            "Would you like to discuss it on a short call?"
        )
    hello = f"Здравствуйте, {brief.name}!" if brief.name else "Здравствуйте!"
    return (
        f"{hello} Это {company}: вы оставили заявку на нашем сайте. "
        "Удобно ли вам обсудить её на коротком звонке?"
    )


def answer(intent: Intent, language: str) -> str:
    """A safe text for an intent, in Russian or else in English; `language` is an ISO 639-1 code."""
    return _SAFE["ru" if language == "ru" else "en"][intent]


def handover(language: str) -> str:
    """That a human goes on from here; `language` as above."""
    return _HANDOVER["ru" if language == "ru" else "en"]


def later(language: str, day: str) -> str:
    """That they will be written to on a day; `language` as above."""
    if language == "ru":
        return f"Хорошо, напишу вам {day}. Если понадобимся раньше — просто напишите сюда."
    return f"All right, I will write to you {day}. If you need us earlier, just write here."


def follow_up(language: str) -> str:
    """The word that was promised for a day; `language` as above."""
    if language == "ru":
        return "Здравствуйте! Вы просили написать сегодня по вашей заявке. Удобно ли коротко созвониться?"
    return "Hello! You asked me to write today about your request. Would a short call suit you?"


def unheard(language: str) -> str:
    """That voice messages are not listened to; `language` as above."""
    if language == "ru":
        return "Извините, голосовое я прослушать не могу. Напишите, пожалуйста, текстом — сразу отвечу."
    return "Sorry, I cannot listen to voice messages. Please write, and I will answer at once."


def noted(language: str) -> str:
    """That a new form of theirs has arrived; `language` as above."""
    return _NOTED["ru" if language == "ru" else "en"]
