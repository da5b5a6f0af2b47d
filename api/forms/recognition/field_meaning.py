"""Pure values: what a field of a form may contain."""

from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property


class NameRule(IntEnum):
    """Whether the field holds the person's name; the higher, the better the evidence."""

    NEVER = 0
    # A contact field: in exports it holds the contact's name.
    CONTACT = 1
    # The name of a thing that may be the form's own wrapper: only if the contact is beside it.
    BESIDE_CONTACT = 2
    PARTIAL = 3
    EXACT = 4


class NamePart(IntEnum):
    """The part of the name that the field holds."""

    FULL = 0
    GIVEN = 1
    LAST = 2


class PhoneRule(IntEnum):
    """Which values of the field are the person's phone."""

    NEVER = 0
    # Weak, and only a value that is written as a phone: with a plus, or in groups.
    IF_WRITTEN_AS_PHONE = 1
    # "Number": a phone, or a number of something else.
    NUMBER = 2
    # A field for contacts: ten bare digits may be an id.
    CONTACT = 3
    PHONE = 4


class UsernameRule(IntEnum):
    """Which values of the field are the person's Telegram username."""

    NEVER = 0
    # A link to Telegram, or a value that says "tg: anna_k"; weak.
    IF_SAYS_TELEGRAM = 1
    # The same, or a name with @; without a word about Telegram it is weak.
    WITH_AT = 2
    # "Username", "ник", "login": a bare name is weak, a name with @ is strong.
    PLAIN = 3
    # "Telegram": everything is strong.
    TELEGRAM = 4


@dataclass(frozen=True)
class Meaning:
    """What a field may contain. `unknown_words` and `is_secondary` rank fields with equal rules.

    `describes_method`: the field tells how to contact the person; its value may name a network.
    `is_region`: the field may hold the country or the country code of a phone.
    """

    name: NameRule = NameRule.NEVER
    name_part: NamePart = NamePart.FULL
    phone: PhoneRule = PhoneRule.NEVER
    username: UsernameRule = UsernameRule.NEVER
    unknown_words: int = 0
    is_secondary: bool = False
    describes_method: bool = False
    is_region: bool = False
    # «Имя пользователя»: the person's name, unless the value can be a username.
    is_name_or_username: bool = False
    # The field belongs to another person or thing, whatever the other names of the field say.
    is_excluded: bool = False
    # The unknown word that says whose it is: «прораба» of «Телефон прораба».
    whose: str = ""

    @cached_property
    def may_hold_contact(self) -> bool:
        """True if a value in this field can be a phone or a username."""
        return self.phone > PhoneRule.NEVER or self.username > UsernameRule.NEVER

    @cached_property
    def asks_for_contact(self) -> bool:
        """True if not only a value that states a contact by itself can be a phone or a username."""
        return self.phone > PhoneRule.IF_WRITTEN_AS_PHONE or self.username > UsernameRule.IF_SAYS_TELEGRAM


NOTHING = Meaning()
GENERIC = Meaning(phone=PhoneRule.IF_WRITTEN_AS_PHONE, username=UsernameRule.IF_SAYS_TELEGRAM)
# A field whose name is only a number.
NUMBERED = Meaning(phone=PhoneRule.IF_WRITTEN_AS_PHONE)
# "Client": in exports the person's name.
PERSON = Meaning(
    NameRule.CONTACT, phone=PhoneRule.IF_WRITTEN_AS_PHONE, username=UsernameRule.IF_SAYS_TELEGRAM
)
# "From": who called or wrote.
CALLER = Meaning(phone=PhoneRule.NUMBER, whose="caller")
EXCLUDED = Meaning(is_excluded=True)
