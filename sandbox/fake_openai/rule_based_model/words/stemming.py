"""Stems words, so that "приложения" matches "приложений", and Russian words match English ones."""

import re

STEM_LENGTH = 6
SHORTEST_STEM = 3
ENDINGS = re.compile(
    r"(?:иями|ями|ами|иях|ях|ах|ого|его|ому|ему|ыми|ими|ешь|ете|ите|ать|ить|еть|ют|ут|ит|ет|ем|им|ов|ев|ей|ой|ый|"
    r"ий|ая|яя|ое|ее|ые|ие|ую|юю|ых|их|ом|ам|ям|ия|ие|ию|ии|[аеиоуыэюяйь]|ing|ed|es|s|ly)$"
)
_STOPWORDS = """
а и в во на но не ни да нет ли же бы что это эта этот как так то все вы мы я он она они вас нас вам
нам меня мне ваш ваша ваши наш наша у к с со о об от до по за из для при или если есть ещё еще уже
тоже можно можете могу хочу хотел хотела нужно нужен надо делаете делать сделать умеете занимаетесь
подскажите скажите пожалуйста здравствуйте привет добрый день вечер утро какие какой какая каком
каких где когда кто чем сколько почему зачем очень просто интересно вообще the a an is are do does
did you your we our i my me it this that of to in on at for with and or can could would will what
who how much many when where why which have has please tell about any there be work offer make build
provide hello hi
"""
STOPWORDS = frozenset(_STOPWORDS.split())
# Words with the same meaning, by their common beginnings.
CONCEPTS: dict[str, str] = {
    "price": (
        r"цен[аыеуо]|стои[тл]|стоимост|прайс|бюджет|тариф|расценк|почем|дорого|недорого|рубл|"
        r"price|pricing|cost|budget|charge|rate"
    ),
    "term": r"срок|долго|быстро|недел|месяц|скоро|week|month|long|deadline|fast|quick|timeline",
    "pay": r"оплат|плат[ие]|рассрочк|аванс|предоплат|pay|instal|invoice",
    "warranty": r"гаранти|warrant|guarant",
    "support": r"поддержк|сопровожд|support|maint",
    "place": r"офис|адрес|город|находит|office|locat|based|address",
    "team": r"команд|сотрудник|разработчик|team|developers|employees|people",
    "site": r"сайт|лендинг|website|site|landing",
    "shop": r"магазин|shop|store|ecommerce",
    "bot": r"бот|bot",
    "contract": r"договор|contract|agreement",
    "portfolio": r"портфолио|пример|кейс|portfolio|case|example",
}
_CONCEPTS = [(name, re.compile(rf"(?:{pattern})")) for name, pattern in CONCEPTS.items()]


def normal(text: str) -> str:
    """Return the text in lower case, with ё as е and with plain apostrophes and spaces."""
    return re.sub(r"[^\S\n]+", " ", text.lower().replace("ё", "е").replace("’", "'")).strip()


def stem(word: str) -> str:
    """Return the concept of a word, or the word without its ending."""
    for name, pattern in _CONCEPTS:
        if pattern.match(word):
            return f"<{name}>"
    bare = word
    while (shorter := ENDINGS.sub("", bare)) != bare and len(shorter) >= SHORTEST_STEM:
        bare = shorter
    return bare[:STEM_LENGTH]


def stems(text: str) -> set[str]:
    """Return the stems of a text's words, without stopwords."""
    words = re.findall(r"[a-zа-я0-9+#]{2,}", normal(text))
    return {stem(word) for word in words if word not in STOPWORDS}
