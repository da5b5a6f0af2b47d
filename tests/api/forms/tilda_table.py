"""`python -m tests.api.forms.tilda_table` writes the table of docs/tilda.md anew: bodies, and what they become."""

import sys
from pathlib import Path
from urllib.parse import unquote_plus

from api.forms.body_parser import read_fields
from api.forms.text_cleaning import decode
from api.forms.tilda import read_lead
from tests.support.tilda_bodies import CASES, Case

PAGE = Path(__file__).parents[3] / "docs" / "tilda.md"
MARK = "<!-- the table: python -m tests.api.forms.tilda_table -->\n"
_LONGEST = 160


def table() -> str:
    """What the parser makes of each body, in Markdown."""
    head = ("the form", "its body", "name", "phone", "username", "`extra`")
    rows = [head, ("---",) * len(head), *map(_row, CASES)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(case: Case) -> tuple[str, ...]:
    lead = read_lead(read_fields(case.body, case.content_type))
    phone = lead.contact.phone
    body = decode(case.body)
    shown = " ".join((body if body[:1] in "{[-" else unquote_plus(body)).split())
    kept = ", ".join(f"`{key}`" for key in lead.extra)
    return (
        case.title,
        _code(shown),
        lead.name,
        phone.e164 if phone else "",
        lead.contact.username or "",
        kept,
    )


def _code(text: str) -> str:
    text = text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
    return f"`{''.join(c if c.isprintable() or c == '‍' else '·' for c in text)}`".replace("|", "\\|")


def main() -> int:
    """Keep the page's words, replace its table."""
    words = PAGE.read_text("utf-8").partition(MARK)[0]
    PAGE.write_text(words + MARK + "\n" + table(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
