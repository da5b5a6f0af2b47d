"""The texts of the rule-based model, in both languages, with some wordings for each."""

from zlib import crc32

from sandbox.fake_openai.rule_based_model.words.language import Language

ACCEPTED: dict[Language, tuple[str, ...]] = {
    "ru": (
        "Отлично, будем рады пообщаться!",
        "Здорово, договорились! Осталось выбрать удобное время.",
        "Супер, рады, что вам интересно!",
    ),
    "en": (
        "Great, we look forward to talking to you!",
        "Wonderful! All that is left is to pick a time that suits you.",
        "Perfect, glad you are interested!",
    ),
}
REJECTED: dict[Language, tuple[str, ...]] = {
    "ru": (
        "Понял вас, извините за беспокойство. Хорошего дня!",
        "Извините, что отвлекли. Больше не будем беспокоить, всего доброго!",
    ),
    "en": (
        "Understood, sorry to have bothered you. Have a nice day!",
        "Sorry for the interruption, we won't write again. All the best!",
    ),
}
UNCLEAR: dict[Language, tuple[str, ...]] = {
    "ru": (
        "Подскажите, пожалуйста, удобно ли вам будет созвониться и обсудить вашу заявку?",
        "Хотел бы уточнить: вам было бы интересно коротко созвониться по вашей заявке?",
    ),
    "en": (
        "Could you tell me, please, whether a short call about your request would suit you?",
        "Just to make sure I understand: would you like a short call about your request?",
    ),
}
OFFER: dict[Language, tuple[str, ...]] = {
    "ru": ("Удобно будет созвониться и обсудить детали?", "Давайте обсудим подробности на коротком созвоне?"),
    "en": (
        "Would a short call to discuss the details suit you?",
        "Shall we go over the details on a short call?",
    ),
}
NOTED: dict[Language, tuple[str, ...]] = {
    "ru": ("Вижу и вашу новую заявку{topic}, учту её.", "Получил и вашу новую заявку{topic}."),
    "en": ("I see your new request{topic} too.", "I have received your new request{topic} as well."),
}
ORIGIN: dict[Language, str] = {
    "ru": "Вы сами оставили контакт в заявке на нашем сайте",
    "en": "You left your contact yourself, with the request on our website",
}
# For a lead who has not confirmed that the request is theirs.
NAMED_IN_FORM: dict[Language, str] = {
    "ru": "Этот контакт указан в заявке на нашем сайте",
    "en": "This contact was given in a request on our website",
}
UNKNOWN: dict[Language, tuple[str, ...]] = {
    "ru": ("Хороший вопрос, его уточнит коллега.", "Точно ответит мой коллега — я передам ему вопрос."),
    "en": (
        "Good question, a colleague will clarify that.",
        "A colleague will give you a precise answer to that.",
    ),
}
GREETINGS: dict[Language, tuple[str, ...]] = {
    "ru": (
        "{hello}! Вы оставили заявку в {company}{topic}. Удобно ли будет созвониться?",
        "{hello}! Спасибо за заявку в {company}{topic}. Когда вам удобно коротко созвониться?",
        "{hello}! Пишу из {company} по вашей заявке{topic}. Давайте обсудим её на коротком созвоне?",
        "{hello}! Получили вашу заявку в {company}{topic}. Удобно ли вам коротко созвониться?",
    ),
    "en": (
        "{hello}! You left a request with {company}{topic}. Would a short call suit you?",
        "{hello}! Thank you for your request to {company}{topic}. When would a short call suit you?",
        "{hello}! Writing from {company} about your request{topic}. Shall we talk it over on a short call?",
    ),
}
HELLO: dict[Language, str] = {"ru": "Здравствуйте", "en": "Hello"}
NO_COMPANY: dict[Language, str] = {"ru": "нашу компанию", "en": "our company"}


def pick(wordings: tuple[str, ...], seed: str) -> str:
    """Return one of the wordings; the same seed always selects the same one."""
    return wordings[crc32(seed.encode()) % len(wordings)]
