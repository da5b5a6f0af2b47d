"""The product stays readable: small modules, functions and packages, and each package says what it holds."""

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

MODULE_LINES, FUNCTION_LINES, MODULES_IN_A_PACKAGE = 300, 60, 15
PRODUCT = ("api", "worker", "shared", "sandbox")
_MODULES = [path for name in PRODUCT for path in sorted((ROOT / name).rglob("*.py"))]
_PACKAGES = sorted({path.parent for path in _MODULES})


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_modules_and_functions_are_small() -> None:
    long = []
    for path in _MODULES:
        source = path.read_text("utf-8")
        if (lines := source.count("\n")) > MODULE_LINES:
            long.append(f"{_name(path)} has {lines} lines")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long.append(f"{_name(path)}: {node.name} has {lines} lines")
    assert long == []


@pytest.mark.parametrize("package", _PACKAGES, ids=_name)
def test_a_package_is_small_and_says_what_belongs_there(package: Path) -> None:
    assert len(list(package.glob("*.py"))) - 1 <= MODULES_IN_A_PACKAGE
    tree = ast.parse((package / "__init__.py").read_text("utf-8"))
    assert ast.get_docstring(tree)
    # Names are imported from where they stand. `api` must act before FastAPI is imported.
    assert len(tree.body) == 1 or _name(package) == "api"
