"""Pure: finds phones and Telegram usernames in the value of one field, and what the text says about them."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from api.forms.recognition.vocabulary import Word, clauses, meaning_of, words_of_kind
from shared.contacts import Phone, parse_phone, parse_username

# Longer texts are read as comments: nothing in them is a contact.
_MAX_LENGTH = 300
_MAX_FOUND = 5
# Words of answers and placeholders, as in "dont_have" and "none_yet".
_NOT_USERNAMES = frozenset(
    {
        *("i", "as"),
        *("absent", "any", "anonymous", "below", "by", "dont", "empty", "example", "false"),
        *("has", "have", "later", "missing", "need", "nema", "neta", "net", "netu"),
        *("nil", "no", "none", "nope", "not", "nothing", "null", "only", "placeholder"),
        *("russia", "same", "skip", "test", "true", "undefined", "undisclosed", "unknown", "use"),
        *("without", "xxx", "yet"),
    }
)
# Words of the vocabulary that an answer or a placeholder is made of: "your_username", "no_telegram".
_OF_ANSWERS = frozenset(
    {
        *(Word.FILLER, Word.GENERIC, Word.NAME, Word.GIVEN_NAME, Word.LAST_NAME, Word.USERNAME),
        *(Word.TELEGRAM, Word.PHONE, Word.NUMBER, Word.CONTACT, Word.PHONE_MESSENGER, Word.NETWORK),
        *(Word.SOCIAL, Word.EMAIL, Word.METHOD, Word.ID, Word.LINK, Word.PROPERTY),
    }
)
# Words around a contact that only say what it is.
_ONLY_SAY = frozenset({Word.TELEGRAM, Word.FILLER, Word.USERNAME, Word.CONTACT})
# An id on VK.
_NETWORK_ID = re.compile(r"(?:id|vk)_?\d+", re.IGNORECASE)
# What may be the end of a name that was typed with a space: "@anna k".
_TAIL = re.compile(r"[ \t]{1,3}([A-Za-z0-9_]{1,4})(?!\w)")
_LINK = re.compile(
    r"(?:https?://|tg://|tg:)?(?:(?<![\w-])[\w-]{1,63}\.){0,6}(?:t\.me|telegram\.(?:me|dog|org))(?:/[^\s,;()<>|]*)?"
    r"|tg:/{0,2}resolve\?[^\s,;()<>|]+|(?:https?://)?(?:wa\.me|(?:api|web)\.whatsapp\.com)/[^\s,;()<>|]+"
    r"|(?:whatsapp|viber)://[^\s,;()<>|]+",
    re.IGNORECASE,
)
# What every link has: looked for first, because few values are links.
_MAY_BE_LINK = re.compile(r"[./:](?:me|dog|org|resolve|com|/)", re.IGNORECASE)
# Not a part of an e-mail address, of a path or of a domain.
# Nor a part of a longer name with a letter of another script, a dot, a dash or another sign.
# Nor the beginning of a masked or cut name: "@anna***", "@anna…".
_NAME_END = r"(?![\w@]|[^\s,;:|()<>!?/\"»”@+]\w|\.\.|[•●×#~^]|\+[^\W\d]|\*)"
_HANDLE = re.compile(rf"(?<![\w@./+-])@\s?([A-Za-z][A-Za-z0-9_]{{3,31}}){_NAME_END}")
_BARE = re.compile(rf"(?<![\w@./+-])[A-Za-z][A-Za-z0-9_]{{3,31}}{_NAME_END}")
# "*@anna*" is bold in a messenger, and not masked.
_BOLD = re.compile(r"(?<![\w*])(\*{1,3})([^\s*]{1,100})\1(?![\w*])")
_CUT_LINK = re.compile(r"\.\.|[*•●×~^]")
_DIGITS = re.compile(r"[+(]{0,3}\d[\d \u00a0().\-\u2010-\u2015/]{5,30}\d")
# A digit of any script, or a Latin letter: a name in Cyrillic holds no contact.
_MAY_HOLD_CONTACT = re.compile(r"[\dA-Za-z@]")
_DIGIT = re.compile(r"\d")
_LATIN = re.compile(r"[A-Za-z]")
_UNDERSCORE = re.compile(r"(?<=\d)_(?=\d)")
_LETTER = re.compile(r"[^\W\d_]")
_BOUNDARY = re.compile(r"[,;\n|!?]|(?<=\w{4})\.\s")
_FLOAT = re.compile(r"(\d{10,15})\.0{1,2}")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{2,4}")
_WRITTEN = re.compile(r"(?:\+|00)\d|.*\(\d{3,5}\)|[78](?:[ -]\d+){3,}")
# Every text with a number written as a phone, a link, or a word about Telegram has one of these. A character
# that is neither ASCII nor Cyrillic may be a digit, or a letter of such a word.
_SIGNS = ("+", "(", ":/", *words_of_kind(Word.TELEGRAM))
_SIGN = re.compile(r"[^\x00-\x7f\u0400-\u04ff]|(?<!\d)00\d|\d[ -]\d|\.[A-Za-z]")
# What a text near a phone or a username says about another person, another network, or another number.
_NOT_A_PHONE = frozenset({Word.PARTY, Word.THING, Word.PROPERTY, Word.ID, Word.TIME})


_OWN = frozenset({"my", "mine", "mein", "meine", "мой", "моя", "мое", "мои", "мне", "мій", "мені"})
_DENIALS = (["not"], ["nicht"], ["не"])


class FoundPhone(NamedTuple):
    """A phone. `is_written_as_phone`: with a plus or in groups; `is_whole`: the field holds nothing else.

    `is_own`: the text says "my number" of it.
    """

    phone: Phone
    is_written_as_phone: bool
    is_whole: bool
    is_own: bool = False


class FoundUsername(NamedTuple):
    """A username. `says_telegram`: by a link or a word; `has_at`: it is written with @. `is_own` as above.

    `is_whole`: the rest of the text only says what it is. `may_be_cut`: what follows may be its end.
    """

    username: str
    says_telegram: bool
    has_at: bool
    is_whole: bool
    is_own: bool = False
    may_be_cut: bool = False


class FoundContacts(NamedTuple):
    """The phones and usernames in one value, in the order of the text."""

    phones: tuple[FoundPhone, ...] = ()
    usernames: tuple[FoundUsername, ...] = ()


def may_state_contact(text: str) -> bool:
    """Return False if a text that was not asked for a contact states none. Faster than `find_contacts`."""
    lower = text.casefold()
    return any(sign in lower for sign in _SIGNS) or _SIGN.search(text) is not None


def find_contacts(text: str, *, region: str) -> FoundContacts:
    """Find the contacts in a field's value. `region` as in `shared.contacts.parse_phone`."""
    text = text.strip()
    if not text or len(text) > _MAX_LENGTH or not _MAY_HOLD_CONTACT.search(text):
        return FoundContacts()
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    if "*" in text:
        text = _BOLD.sub(r"\2", text)
    whole = _FLOAT.sub(r"\1", text) if _FLOAT.fullmatch(text) else text
    if "@" not in whole and not _LETTER.search(whole):
        return FoundContacts(tuple(_phones(whole, [], region)[:_MAX_FOUND]))
    links = list(_LINK.finditer(whole)) if _MAY_BE_LINK.search(whole) else []
    phones = _phones(whole, links, region)
    usernames = _usernames(whole, links)
    own_phones = [found for found in phones if found.is_own]
    own_usernames = [found for found in usernames if found.is_own]
    if own_phones or own_usernames:
        # "My husband's phone is …, mine is …"
        phones, usernames = own_phones, own_usernames
    return FoundContacts(tuple(phones[:_MAX_FOUND]), tuple(usernames[:_MAX_FOUND]))


def _phones(text: str, links: list[re.Match[str]], region: str) -> list[FoundPhone]:
    found = [
        FoundPhone(phone, is_written_as_phone=True, is_whole=link.group() == text)
        for link in links
        if (phone := _phone_of(link.group(), region=region))
    ]
    if found or not _DIGIT.search(text):
        return found
    if "_" in text:
        text = _UNDERSCORE.sub("-", text)
    if not _LETTER.search(text) and (phone := _phone_of(text, region=region)):
        return [FoundPhone(phone, _is_written_as_phone(text), is_whole=True)]
    spans = list(_DIGITS.finditer(text))
    for at, span in enumerate(spans):
        phone = _phone_of(span.group(), region=region)
        if phone is None or _DATE.fullmatch(span.group().strip()):
            continue
        before, after = _surroundings(text, spans, at)
        if not (_kinds(before) & _NOT_A_PHONE or Word.PARTY in _kinds(after) or _is_denied(before)):
            is_written, is_whole = _is_written_as_phone(span.group()), span.group() == text
            found.append(FoundPhone(phone, is_written, is_whole, _says_own(before)))
    # Some writings only make sense as a whole: an extension, digits of other scripts.
    if not found and not spans and (phone := _phone_of(text, region=region)):
        found.append(FoundPhone(phone, _is_written_as_phone(text), is_whole=True))
    return found


def _phone_of(text: str, *, region: str) -> Phone | None:
    """Return the phone that a text is; None for a placeholder such as +7 (999) 999-99-99."""
    phone = parse_phone(text, region=region)
    return phone if phone and len(set(phone.e164[-10:])) > 1 else None


def _is_written_as_phone(text: str) -> bool:
    return _WRITTEN.match(text.strip()) is not None


def _usernames(text: str, links: list[re.Match[str]]) -> list[FoundUsername]:
    found = [
        FoundUsername(name, True, False, _only_says(text, link.group()), _says_own(before))
        for at, link in enumerate(links)
        if (name := parse_username(link.group())) and not (_is_answer(name) or _CUT_LINK.search(link.group()))
        for before in [_surroundings(text, links, at)[0]]
        if not _kinds(before) & {Word.PARTY, Word.THING}
    ]
    handles = list(_HANDLE.finditer(text)) if "@" in text else []
    for at, match in enumerate(handles):
        said, after_it = _surroundings(text, handles, at)
        before, after = _kinds(said), _kinds(after_it)
        # "inst @a tg @b": a word before the name belongs to it; the word after it only if none is before.
        near = before or (after if at + 1 == len(handles) else frozenset())
        name = parse_username(match.group(1))
        if name is None or near & {Word.PARTY, Word.EMAIL} or _is_other_network(near) or _is_denied(said):
            continue
        if _is_answer(name):
            continue
        is_whole, tail = _only_says(text, match.group()), _TAIL.match(text, match.end())
        may_be_cut = tail is not None and meaning_of(tail.group(1).casefold()) is None
        found.append(FoundUsername(name, Word.TELEGRAM in near, True, is_whole, _says_own(said), may_be_cut))
    return found or (_bare_usernames(text) if _LATIN.search(text) else [])


def _is_denied(before: str) -> bool:
    """Return True for "not @anna, but …"."""
    return bool(before) and before.casefold().split()[-1:] in _DENIALS


def _says_own(before: str) -> bool:
    """Return True if the text before a contact ends with "my number is", and no unknown word follows "my"."""
    words = [word for clause in clauses(before[-60:]) for word in clause] if before else []
    at = max((at for at, word in enumerate(words) if word in _OWN), default=None)
    return at is not None and None not in map(meaning_of, words[at:])


def _is_other_network(near: frozenset[Word | None]) -> bool:
    return bool(near & {Word.NETWORK, Word.PHONE_MESSENGER}) and Word.TELEGRAM not in near


def _bare_usernames(text: str) -> list[FoundUsername]:
    """Find a username without @: the whole value, or the one word beside "telegram"."""
    words = [word for word in _BARE.findall(text) if meaning_of(word.casefold()) is None]
    names = [word for word in words if parse_username(word) and not _is_answer(word)]
    if len(names) != 1 or not _only_says(text, names[0]):
        return []
    says_telegram = Word.TELEGRAM in _kinds(text.replace(names[0], " "))
    return [FoundUsername(names[0], says_telegram, has_at=False, is_whole=True)]


def _is_answer(name: str) -> bool:
    """Return True for an answer or a placeholder, "no_telegram" or "your_username", and for an id on VK."""
    parts = filter(None, name.casefold().split("_"))
    return all(map(_is_of_answer, parts)) or _NETWORK_ID.fullmatch(name) is not None


def _is_of_answer(part: str) -> bool:
    if part in _NOT_USERNAMES or meaning_of(part) in _OF_ANSWERS:
        return True
    # "yourusername"
    words = [word for clause in clauses(part) for word in clause]
    return len(words) > 1 and all(meaning_of(word) in _OF_ANSWERS for word in words)


def _only_says(text: str, contact: str) -> bool:
    """Return True if the text around a contact only says what it is: "my Telegram: …"."""
    return contact == text or _kinds(text.replace(contact, " ")) <= _ONLY_SAY


def _surroundings(text: str, spans: list[re.Match[str]], at: int) -> tuple[str, str]:
    """Return the text before and after a match, up to the next match, comma or end of a sentence or line."""
    start = spans[at - 1].end() if at else 0
    end = spans[at + 1].start() if at + 1 < len(spans) else len(text)
    before = _BOUNDARY.split(text[start : spans[at].start()])[-1]
    after = _BOUNDARY.split(text[spans[at].end() : end])[0]
    return before, after


@lru_cache(maxsize=512)
def _kinds(text: str) -> frozenset[Word | None]:
    return frozenset(meaning_of(word) for clause in clauses(text[:200]) for word in clause)
