"""The prompts, as files that a person may read and edit; the fixed part first, so that providers cache it."""

from importlib.resources import files


def load(name: str, *, company: str, profile: str) -> str:
    """The prompt `name` (greeting, reply) with the company's name and description in it."""
    text = files(__name__).joinpath(f"{name}.md").read_text(encoding="utf-8")
    # One pass each, the description last: what it says is never taken for a placeholder.
    return text.replace("{company}", company).replace("{profile}", profile.strip())
