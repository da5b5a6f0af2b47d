"""The file in which the site's owner says which field of a form is what; imported only if there is one."""

from pathlib import Path
from typing import Any

import yaml

from api.forms.field_mapping import ROLES, FormMapping, plain
from api.forms.field_roles import Role


def read_mapping(path: Path) -> FormMapping:
    """The mapping in a YAML file. Raises ValueError with the file, the form and the fault."""
    try:
        content = yaml.load(path.read_text("utf-8"), _Loader)  # noqa: S506 - a SafeLoader
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ValueError(f"{path}: is not UTF-8 text") from None
    except yaml.YAMLError as error:
        raise ValueError(f"{path}: is no YAML: {' '.join(str(error).split())}") from None
    try:
        return FormMapping({form: _fields(form, roles) for form, roles in _forms(content).items()})
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def _forms(content: object) -> dict[str, Any]:
    if not isinstance(content, dict) or not content:
        raise ValueError("holds no forms: a formid or * with its fields is expected")
    return {str(form).strip(): roles for form, roles in content.items()}


def _fields(form: str, roles: object) -> dict[str, Role]:
    if not isinstance(roles, dict) or not roles:
        raise ValueError(f"form {form}: name, phone or another role is expected, each with its fields")
    found: dict[str, Role] = {}
    for role, fields in roles.items():
        if role not in ROLES:
            raise ValueError(f"form {form}: {role} is none of {', '.join(ROLES)}")
        for field in fields if isinstance(fields, list) else [fields]:
            if not isinstance(field, str | int) or isinstance(field, bool) or not plain(str(field)):
                raise ValueError(f"form {form}: {role}: the name of a field, or a list of names, is expected")
            if plain(str(field)) in found:
                raise ValueError(f"form {form}: {field} stands there twice")
            found[plain(str(field))] = ROLES[role]
    return found


class _Loader(yaml.SafeLoader):
    """Takes no form and no role twice: YAML's own loader silently keeps the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        if doubles := {name for name in names if names.count(name) > 1}:
            raise yaml.YAMLError(f"{min(doubles)} stands there twice")
        return dict(super().construct_mapping(node, deep))
