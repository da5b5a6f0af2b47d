"""Reads the field mapping from a YAML file; this module is imported only if such a file is set."""

from pathlib import Path
from typing import Any

import yaml

from api.forms.custom_mapping import FormMapping, Role, plain
from shared.files import read_text
from shared.localized_messages import cause_of, joined, sentence


def read_mapping(path: Path) -> FormMapping:
    """Read the mapping. Raises ValueError with the file, the form and the problem."""
    try:
        content = yaml.load(read_text(path), _Loader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise ValueError(
            sentence("{path}: is not valid YAML: {why}", path=str(path), why=" ".join(str(error).split()))
        ) from None
    except ValueError as error:
        raise ValueError(joined(" ", [str(path), cause_of(error)])) from None
    try:
        return FormMapping({form: _fields(form, roles) for form, roles in _forms(content).items()})
    except ValueError as error:
        raise ValueError(joined(": ", [str(path), cause_of(error)])) from None


def _forms(content: object) -> dict[str, Any]:
    if not isinstance(content, dict) or not content:
        raise ValueError("contains no forms: a formid or * with its fields is expected")
    return {str(form).strip(): roles for form, roles in content.items()}


def _fields(form: str, roles: object) -> dict[str, Role]:
    if not isinstance(roles, dict) or not roles:
        raise ValueError(
            sentence("form {form}: name, phone or another role is expected, each with its fields", form=form)
        )
    found: dict[str, Role] = {}
    for role, fields in roles.items():
        if role not in {known.value for known in Role}:
            known = ", ".join(known.value for known in Role)
            raise ValueError(
                sentence("form {form}: {role} is not one of {known}", form=form, role=role, known=known)
            )
        for field in fields if isinstance(fields, list) else [fields]:
            if not isinstance(field, str | int) or isinstance(field, bool) or not plain(str(field)):
                text = "form {form}: {role}: the name of a field, or a list of names, is expected"
                raise ValueError(sentence(text, form=form, role=role))
            if plain(str(field)) in found:
                raise ValueError(sentence("form {form}: {field} is listed twice", form=form, field=field))
            found[plain(str(field))] = Role(role)
    return found


class _Loader(yaml.SafeLoader):
    """Refuses duplicate keys: YAML's own loader silently keeps the last one."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        if duplicates := {name for name in names if names.count(name) > 1}:
            raise yaml.YAMLError(f"{min(duplicates)} is listed twice")
        return dict(super().construct_mapping(node, deep))
