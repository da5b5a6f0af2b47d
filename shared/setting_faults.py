"""Words for the faults of settings: what pydantic found, said to a person who edits `.env`. Pure."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from pydantic_core import ErrorDetails

from shared.localized_messages import Sentence, cause_of, sentence

_Context = Mapping[str, Any]


def _plain(text: str) -> Callable[[_Context], Sentence]:
    return lambda _: sentence(text)


def _limit(text: str, name: str) -> Callable[[_Context], Sentence]:
    return lambda context: sentence(text, limit=_number(context[name]))


def _choices(context: _Context) -> Sentence:
    *others, last = str(context["expected"]).replace("'", "").split(" or ")
    return sentence("is not one of {others} or {last}", others=" or ".join(others), last=last)


def _number(value: float) -> str:
    # `:g` alone would write a large number as 2.14748e+09.
    return str(int(value)) if value == int(value) else f"{value:g}"


_NUMBER, _WHOLE_NUMBER = "is not a number", "is not a whole number"
# By pydantic's error type: https://docs.pydantic.dev/latest/errors/validation_errors/
_WORDS: Mapping[str, Callable[[_Context], Sentence]] = MappingProxyType(
    {
        "missing": _plain("is not set"),
        "int_parsing": _plain(_WHOLE_NUMBER),
        "int_parsing_size": _plain("is far too large"),
        "int_from_float": _plain(_WHOLE_NUMBER),
        "int_type": _plain(_WHOLE_NUMBER),
        "float_parsing": _plain(_NUMBER),
        "float_type": _plain(_NUMBER),
        "finite_number": _plain(_NUMBER),
        "bool_parsing": _plain("is neither true nor false"),
        "bool_type": _plain("is neither true nor false"),
        "greater_than": _limit("must be more than {limit}", "gt"),
        "greater_than_equal": _limit("must be at least {limit}", "ge"),
        "less_than": _limit("must be less than {limit}", "lt"),
        "less_than_equal": _limit("must be at most {limit}", "le"),
        "literal_error": _choices,
        "enum": _choices,
        "string_pattern_mismatch": _plain("has a wrong character: use letters, digits, ., - and _"),
        "string_too_short": _plain("is too short"),
        "string_too_long": _plain("is too long"),
        "string_type": _plain("is not a text"),
        "path_type": _plain("is not the path of a file"),
    }
)


def describe(error: ErrorDetails) -> str:
    """Return what is wrong with a setting, to stand after its name; never the value itself."""
    words = _WORDS.get(error["type"])
    if words is not None:
        return words(error.get("ctx", {}))
    return describe_check(error)


def describe_check(error: ErrorDetails) -> str:
    """Return what a check of our own says, as a sentence if it has one."""
    raised = error.get("ctx", {}).get("error")
    return cause_of(raised) if isinstance(raised, Exception) else error["msg"].removeprefix("Value error, ")
