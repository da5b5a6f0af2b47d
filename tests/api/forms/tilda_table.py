"""`python -m tests.api.forms.tilda_table` rewrites the table of bodies and leads in tilda_table.md."""

import sys
from pathlib import Path
from urllib.parse import unquote_plus

from api.forms.body.text_cleaning import decode
from tests.support.forms import read_form
from tests.support.tilda_bodies import CASES, Case

PAGE = Path(__file__).with_name("tilda_table.md")
MARK = "<!-- the table: python -m tests.api.forms.tilda_table -->\n"
_MAX_WIDTH = 160


def table() -> str:
    """Return the parser's result for each body as a Markdown table."""
    head = ("form", "body", "name", "phone", "username", "`extra`")
    rows = [head, ("---",) * len(head), *map(_row, CASES)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(case: Case) -> tuple[str, ...]:
    lead = read_form(case.body, case.content_type)
    phone = lead.contact.phone
    body = decode(case.body)
    readable = " ".join((body if body[:1] in "{[-" else unquote_plus(body)).split())
    kept = ", ".join(f"`{key}`" for key in lead.extra)
    return (
        case.title,
        _code(readable),
        lead.name,
        phone.e164 if phone else "",
        lead.contact.username or "",
        kept,
    )


def _code(text: str) -> str:
    text = text if len(text) <= _MAX_WIDTH else text[: _MAX_WIDTH - 1] + "…"
    return f"`{''.join(c if c.isprintable() or c == '‍' else '·' for c in text)}`".replace("|", "\\|")


def main() -> int:
    """Replace the table and keep the text before it."""
    text = PAGE.read_text("utf-8").partition(MARK)[0]
    PAGE.write_text(text + MARK + "\n" + table(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
