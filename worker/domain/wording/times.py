"""Finds words that name a day or a time: months, weekdays, numerals in any form, digits. Pure."""

import re

from worker.domain.wording.months import ANY_MONTH

_WEEKDAYS = (
    r"понедельник\w*|вторник\w*|сред(?:[аыеу]|ой|ам|ами|ах)|четверг\w*|пятниц\w*|суббот\w*|воскресен\w*"
)
_ENGLISH_WEEKDAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
# Whole words and ordinals. `ё` is read as `е`.
_SMALL = (
    r"один|одн(?:а|о|у|ой|ого|ому|им|ом)|перв\w+|два|две|дв(?:ух|ум|умя|ое)|втор(?:ой|ого|ому|ым|ом|ая|ую|ое)"
    r"|три|тр(?:ех|ем|емя|ое)|трет(?:ий|ь\w+)|четыр\w+|четвер(?:о|ых|ым|т\w+)|полтор\w+"
)
# What the longer numerals and their ordinals begin with.
_LARGE = (
    r"(?:пят|шест|девят|десят|двадцат|тридцат)(?:[ьи]|ью|еро|еры[хм]|(?:ый|ого|ому|ым|ом|ая|ой|ую|ое))"
    r"|(?:пят|шест|сем|восем|девят)ь?и?(?:десят|сот)\w*|сем(?:ь|и|ью|еро)|седьм\w+|вос(?:емь|ьм)\w*"
    r"|\w+надцат\w+|сорок\w*|девяност\w+|сто|ста|сот\w+"
)
_ENGLISH = (
    r"one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|first|second|third|fifth|ninth|twelfth"
    r"|(?:four|six|seven|eigh|ten|eleven)th|(?:thir|four|fif|six|seven|eigh|nine)teen(?:th)?"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)t(?:y|ieth)"
)
_ENGLISH_MONTHS = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_TIME = re.compile(
    rf"\d|\b(?:{ANY_MONTH}|{_ENGLISH_MONTHS}|{_WEEKDAYS}|{_ENGLISH_WEEKDAYS}"
    rf"|(?:пол)?(?:{_SMALL}|{_LARGE})|{_ENGLISH})\b"
)


def names_time(text: str) -> bool:
    """Return True if a text has a digit, a numeral, a month or a weekday, in whatever case."""
    return _TIME.search(text.casefold().replace("ё", "е")) is not None
