"""The prompts, as files that a person may read and edit; the fixed part first, so that providers cache it."""

import re
from importlib.resources import files


def load(name: str, *, company: str, profile: str) -> str:
    """The prompt `name` (greeting, reply) with the company's name and description in it."""
    text = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    values = {"company": company, "profile": profile.strip()}
    # One pass over the file: what the values say is never taken for a placeholder.
    return re.sub(r"\{(company|profile)\}", lambda found: values[found[1]], text)
