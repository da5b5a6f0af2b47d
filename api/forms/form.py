"""Pure: one person's form, and what the names of its fields say."""

from collections.abc import Sequence
from functools import cached_property
from operator import itemgetter
from typing import Any

from api.forms.body.text_cleaning import clean
from api.forms.fields import Field, Fields
from api.forms.form_context import is_messenger_part, meaning_of_one, tells_direction, with_neighbours
from api.forms.recognition.field_meaning import Meaning, NameRule

# The longest technical name that we know, with room for the spaces around it.
_MAX_OWN_NAME = 30
# Everything of a field except its value.
_WITHOUT_VALUE = itemgetter(*(at for at, name in enumerate(Field._fields) if name != "value"))
# The shapes of the forms that came last: a site sends the same names in each call. Long names are not kept.
_SHAPES: dict[tuple[Any, ...], "FormShape"] = {}
_MAX_SHAPES = 500
_MAX_CACHED_LENGTH = 4000


class FormShape:
    """What the names of the fields say, whatever is entered in them; in the order of the fields."""

    def __init__(self, fields: Fields) -> None:
        self._fields = [item._replace(value=None) for item in fields]

    @cached_property
    def own_names(self) -> tuple[str, ...]:
        """The technical names in lower case."""
        return tuple(map(own_name, self._fields))

    @cached_property
    def titles(self) -> tuple[str, ...]:
        """The names to show, and to keep in a lead's `extra`."""
        return tuple(clean(item.title) for item in self._fields)

    @cached_property
    def meanings(self) -> tuple[Meaning, ...]:
        """What each field by itself may hold."""
        return tuple(map(meaning_of_one, self._fields))

    @cached_property
    def owners(self) -> tuple[str | None, ...]:
        """Whose name or contact each field asks for: empty for the person's, None if it asks for neither."""
        return tuple(
            meaning.whose if meaning.name > NameRule.BESIDE_CONTACT or meaning.asks_for_contact else None
            for meaning in self.meanings
        )

    @cached_property
    def are_related(self) -> bool:
        """True if one field's value may say something about another field."""
        return (
            any(meaning.describes_method for meaning in self.meanings)
            or any(map(is_messenger_part, self._fields))
            or any(map(tells_direction, self._fields))
        )


class Form(Fields):
    """The fields of one person's form. Not to be changed."""

    @cached_property
    def shape(self) -> FormShape:
        """What the names of the fields say."""
        key = tuple(map(_WITHOUT_VALUE, self))
        found = _SHAPES.get(key)
        if found is None:
            found = FormShape(self)
            if _size(self) <= _MAX_CACHED_LENGTH:
                if len(_SHAPES) >= _MAX_SHAPES:
                    _SHAPES.clear()
                _SHAPES[key] = found
        return found

    @cached_property
    def meanings(self) -> Sequence[Meaning]:
        """What each field may hold, by its names and by what neighbouring fields say about it."""
        shape = self.shape
        return with_neighbours(self, shape.meanings) if shape.are_related else shape.meanings

    def named(self, own_name: str) -> list[Field]:
        """Return the fields with this technical name."""
        names = self.shape.own_names
        if own_name not in names:
            return []
        return [item for item, name in zip(self, names, strict=True) if name == own_name]


def own_name(item: Field) -> str:
    """Return the field's technical name in lower case; empty if it is too long to be one that we know."""
    return item.key.strip().casefold() if len(item.key) <= _MAX_OWN_NAME else ""


def _size(fields: Fields) -> int:
    return sum(len(item.key) + len(item.label) + len(item.kind) + sum(map(len, item.path)) for item in fields)
