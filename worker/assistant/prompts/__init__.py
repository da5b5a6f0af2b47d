"""The prompts, as files that a person may read and edit; the fixed part first, so that providers cache it."""

import re
from importlib.resources import files
from pathlib import Path

SHIPPED = Path(str(files(__name__)))


def read(name: str, folder: Path | None = None) -> str:
    """The prompt `name` (greeting, reply) as its file has it; what a folder lacks is the shipped one."""
    own = (folder or SHIPPED) / f"{name}.md"
    return (own if own.is_file() else SHIPPED / f"{name}.md").read_text(encoding="utf-8")


def fill(text: str, *, company: str, profile: str, manner: str = "") -> str:
    """A prompt with the company's name and description in it, and the owner's own rules."""
    values = {"company": company, "profile": profile.strip(), "manner": manner and f"{manner}\n\n"}
    # One pass over the file: what the values say is never taken for a placeholder.
    return re.sub(r"\{(company|profile|manner)\}", lambda found: values[found[1]], text)
