"""The prompts: text files that the owner may edit; the constant part is first, for the provider's cache."""

import re
from importlib.resources import files
from pathlib import Path

DEFAULT_PROMPTS_DIR = Path(str(files("worker.assistant.prompts")))


def read(name: str, folder: Path | None = None) -> str:
    """Return the prompt `name` (greeting, reply) from `folder`, or the shipped one if it is not there."""
    custom = (folder or DEFAULT_PROMPTS_DIR) / f"{name}.md"
    path = custom if custom.is_file() else DEFAULT_PROMPTS_DIR / f"{name}.md"
    return path.read_text(encoding="utf-8")


def fill(text: str, *, company: str, profile: str, persona_rules: str = "") -> str:
    """Return the prompt with `{company}`, `{profile}` and `{manner}` (the persona's rules) filled in."""
    values = {
        "company": company,
        "profile": profile.strip(),
        "manner": persona_rules and f"{persona_rules}\n\n",
    }
    # One pass: a placeholder inside a value is not replaced.
    return re.sub(r"\{(company|profile|manner)\}", lambda found: values[found[1]], text)
