"""The revisions of the shipped migrations, by their names: Alembic itself takes long to import."""

from pathlib import Path

import migrations


def newest_revision() -> str:
    """Such as `0007`."""
    return max(known_revisions())


def known_revisions() -> set[str]:
    """Every revision that this program has heard of."""
    folder = Path(migrations.__path__[0]) / "versions"
    return {file.name.partition("_")[0] for file in folder.glob("[0-9]*_*.py")}
