"""The revision at which the shipped migrations end."""

from pathlib import Path

from alembic.script import ScriptDirectory

import migrations


def newest_revision() -> str:
    """Such as `0007`."""
    head = _scripts().get_current_head()
    assert head  # noqa: S101 - the package ships migrations
    return head


def known_revisions() -> set[str]:
    """Every revision that this program has heard of."""
    return {script.revision for script in _scripts().walk_revisions()}


def _scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(migrations.__path__[0])))
