"""Pure: recognises the role of a form field by its name."""

import re
from enum import Enum, auto
from functools import lru_cache


class Role(Enum):
    """The expected content of a field."""

    NAME = auto()
    LAST_NAME = auto()
    PHONE = auto()
    USERNAME = auto()
    # A contact of any kind.
    CONTACT = auto()
    # Neither a name nor a contact, whatever its value: COMMENT is kept in `extra`, IGNORED is dropped.
    COMMENT = auto()
    IGNORED = auto()


# Fields that forms and shops add by themselves.
_TECHNICAL = re.compile(
    r"form[ _-]?name.*|formid|tranid|tildaspec.*|cookies|utm.*|messenger-.*|token|payment.*"
)
_USERNAME_FIRST = re.compile(r"user ?name|имя пользователя")
_PHONE = re.compile(
    r"phone|телефон|\bтел\b|\btel\b|whats ?app|[вт]атсап|вотсап|viber|вайбер|\bmobile|\bмобильн|\bсотов"
    r"|^(?:ваш |your )?(?:номер|number)$"
)
_OTHER_PHONE = re.compile(r"\bi ?phone|microphone|headphone|smart ?phone|saxophone")
_USERNAME = re.compile(r"nick ?name|никнейм|логин|telegram|телеграм|\b(?:ник|nick|login|tg|тг)\b")
_LAST_NAME = re.compile(r"фамили|surname|last ?name|family ?name")
_NAME = re.compile(r"name|имя|\bfio\b|\bфио\b|зовут|обращаться|представьтесь|контактное лицо|contact person")
_GIVEN_NAME = re.compile(r"имя|first ?name|given ?name|\bname and\b|\band name\b")
# Names of things, the patronymic, and names of children and pets.
_OTHER_NAME = re.compile(
    r"\bform|file\b|\bhost|domain|product|company|event|page|site|project|city|brand|organi|school|\bpet\b"
    r"|middle|second ?name|hotel|course|\bitem|tariff|\bteam|child|отчеств|компани|организац|фирм|бренд"
    r"|питом|сайт|товар|город|проект|домен|файл|реб[её]н|собак|кошк"
)
_CONTACT = re.compile(r"contact|контакт|messenger|мессенджер|связ")
_WORD = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-zа-яё])(?=[A-ZА-ЯЁ])")


# Cached: a site sends the same field names in every submission.
@lru_cache(maxsize=1024)
def role_of(key: str) -> Role | None:
    """Return the role of the field named `key`; None if the name is not recognised."""
    text = key.strip().casefold()
    if _TECHNICAL.fullmatch(text) or "[" in text:
        return None
    # Digits are ignored: Phone_2 is a phone. Names are tried as one word (pHoNe) and as camel case (userTel).
    return _role(_words(key)) or _role(_words(_CAMEL.sub(" ", key)))


def _words(key: str) -> str:
    return " ".join(_WORD.findall(key)).casefold()


def _role(words: str) -> Role | None:
    # Before the names: "username" contains "name", and «имя пользователя» contains «имя».
    if _USERNAME_FIRST.search(words):
        return Role.USERNAME
    if _PHONE.search(words) and not _OTHER_PHONE.search(words):
        return Role.PHONE
    if _USERNAME.search(words):
        return Role.USERNAME
    return _name_role(words) or (Role.CONTACT if _CONTACT.search(words) else None)


def _name_role(words: str) -> Role | None:
    if _OTHER_NAME.search(words):
        return None
    if _LAST_NAME.search(words):
        # «Имя и фамилия» is the full name.
        return Role.NAME if _GIVEN_NAME.search(words) else Role.LAST_NAME
    return Role.NAME if _NAME.search(words) else None
