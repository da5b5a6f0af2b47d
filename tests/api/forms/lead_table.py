"""`python -m tests.api.forms.lead_table` rewrites lead_table.md: bodies, their leads and the evidence."""

import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_plus

from api.forms.body.text_cleaning import decode
from api.forms.form_reader import FormLead, read_call
from tests.support.form_bodies import CASES as OF_SENDERS
from tests.support.tilda_bodies import CASES as OF_TILDA

PAGE = Path(__file__).with_name("lead_table.md")
MARK = "<!-- the table: python -m tests.api.forms.lead_table -->\n"
_HEAD = ("sender", "form", "body", "name", "phone", "username", "evidence")
_MAX_WIDTH = 160


def rows() -> Iterator[tuple[str, ...]]:
    """Yield a row for each body; several leads are in several lines of its cells."""
    for case in OF_TILDA:
        yield "Tilda", *_row(case.title, case.body, case.content_type, "")
    for case in OF_SENDERS:
        yield case.sender, *_row(case.title, case.body, case.content_type, case.query)


def table() -> str:
    """Return the reader's result for each body as a Markdown table."""
    return "".join(f"| {' | '.join(row)} |\n" for row in (_HEAD, ("---",) * len(_HEAD), *rows()))


def _row(title: str, body: bytes, content_type: str | None, query: str) -> tuple[str, ...]:
    leads = read_call(body, content_type, query)
    text = decode(body)
    readable = text if text[:1] in {"{", "[", "-"} else unquote_plus(text)
    shown = " ".join((f"{readable} ?{unquote_plus(query)}" if query else readable).split())
    found = [
        "<br>".join(cells)
        for cells in (
            [lead.name for lead in leads],
            [lead.contact.phone.e164 if lead.contact.phone else "" for lead in leads],
            [lead.contact.username or "" for lead in leads],
            map(_evidence, leads),
        )
    ]
    return (_plain(title), _code(shown), *(found if leads else ("", "", "", "refused")))


def _evidence(lead: FormLead) -> str:
    return "; ".join(
        f"{kind}: {each['strength']}, `{_plain(each['field'])}`, {each['reason']}"
        for kind, each in lead.evidence.items()
    )


def _plain(text: str) -> str:
    shown = "".join(character if character.isprintable() or character == "‍" else "·" for character in text)
    return shown.replace("|", "\\|")


def _code(text: str) -> str:
    text = text if len(text) <= _MAX_WIDTH else text[: _MAX_WIDTH - 1] + "…"
    return f"`{_plain(text)}`"


def main() -> int:
    """Replace the table and keep the text before it."""
    text = PAGE.read_text("utf-8").partition(MARK)[0]
    PAGE.write_text(text + MARK + "\n" + table(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
