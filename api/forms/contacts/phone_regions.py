"""Pure: the countries of phones without a country code, by what the fields beside them say."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import NamedTuple, cast

import phonenumbers

from api.forms.fields import Field, Fields
from api.forms.recognition.field_meaning import Meaning
from api.forms.recognition.vocabulary import Word, clauses, meaning_of
from shared.contacts import Phone

_MAX_TITLE = 300
# "+375"
_MAX_CODE = 4
_MAX_COUNTRY = 60
_DIAL_CODE = re.compile(r"\+(\d{1,3})(?!\d)|^(\d{1,3})$")
_ISO = re.compile(r"(?<![^\W_])[A-Z]{2}(?![^\W_])|^[A-Za-z]{2}$")
_NOT_LETTERS = re.compile(r"[\W\d_]+")


class Regions(NamedTuple):
    """The countries to try in order. `is_foreign`: a named country is none of them."""

    codes: Sequence[str]
    is_foreign: bool = False


def regions_of(fields: Fields, meanings: Sequence[Meaning], default: str) -> Regions:
    """Return the countries to try for a phone without a country code: a code beside the phone comes first."""
    codes: list[str] = []
    countries: list[str] = []
    is_foreign = False
    for item, meaning in zip(fields, meanings, strict=True):
        if not meaning.is_region and not _is_dial_code(item.value):
            continue
        text = item.text[:_MAX_COUNTRY]
        if not text:
            continue
        code = _code_in(text)
        if code and (text.startswith("+") or text[:1].isdigit() or _has(item, Word.CODE, Word.PHONE)):
            codes.append(code)
        elif country := code or country_named(text):
            countries.append(country)
        elif _has(item, Word.COUNTRY):
            is_foreign = True
    known = [
        code
        for code in (*sorted(codes), default, *sorted(countries))
        if code in phonenumbers.SUPPORTED_REGIONS
    ]
    return Regions(list(dict.fromkeys(known)) or [default], is_foreign)


def _is_dial_code(value: object) -> bool:
    return isinstance(value, str) and len(value) <= _MAX_CODE and value.lstrip().startswith("+")


def is_moved(phone: Phone, region: str) -> bool:
    """Return True if a phone was typed without a country code, and read as one of another country."""
    code = phonenumbers.country_code_for_region(region)
    return not phone.digits.startswith(("+", "00")) and not phone.e164.startswith(f"+{code}")


def _code_in(text: str) -> str:
    """Return the country of "+49 (Germany)", "UA +380" or "de"; empty if no code is in the text."""
    if match := _DIAL_CODE.search(text):
        return phonenumbers.region_code_for_country_code(int(match.group(1) or match.group(2)))
    match = _ISO.search(text)
    return match.group().upper() if match and match.group().upper() in phonenumbers.SUPPORTED_REGIONS else ""


def _has(item: Field, *kinds: Word) -> bool:
    title = f"{item.key} {item.label}"[:_MAX_TITLE]
    return any(meaning_of(word) in kinds for clause in clauses(title) for word in clause)


def country_named(text: str) -> str:
    """Return the code of the country with this name, in any language; empty for none."""
    return _countries().get(_plain(text), "")


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    # An asterisk refers to the name in another language.
    return {
        _plain(name): code
        for code, names in sorted(_names_of_countries().items())
        for name in names.values()
        if name and not name.startswith("*")
    }


def _names_of_countries() -> Mapping[str, Mapping[str, str]]:
    """Return the names of each country by language, from a module of phonenumbers.

    An import of the module would import its package, the places of all phone numbers: 97 MiB and 0.3 s.
    """
    path = Path(phonenumbers.__file__).parent / "geodata" / "locale.py"
    spec = spec_from_file_location("phonenumbers.geodata.locale", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("Mapping[str, Mapping[str, str]]", module.LOCALE_DATA)


def _plain(name: str) -> str:
    return _NOT_LETTERS.sub(" ", name.casefold().replace("ё", "е")).strip()
