"""The pages of the documentation: their text, code blocks, headings and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.conftest import ROOT

README = ROOT / "README.md"
README_RU = ROOT / "README.ru.md"
_FENCE = re.compile(r"^[ ]*```(\w*)\n(.*?)^[ ]*```$", re.MULTILINE | re.DOTALL)
_INLINE_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced code block; `language`: the word after the fence, empty without one."""

    page: str
    language: str
    text: str


@dataclass(frozen=True)
class Page:
    """A Markdown file; `name`: its path from the repository's root."""

    name: str
    text: str

    @property
    def folder(self) -> Path:
        """The folder that relative links start from."""
        return (ROOT / self.name).parent

    def blocks(self, *languages: str) -> list[Block]:
        """Return the code blocks in these languages; all without an argument."""
        found = [Block(self.name, language, _dedent(text)) for language, text in _FENCE.findall(self.text)]
        return [block for block in found if not languages or block.language in languages]

    @property
    def prose(self) -> str:
        """The text without code blocks."""
        return _FENCE.sub("", self.text)

    def inline_code(self) -> list[str]:
        """Return what stands between backticks, outside code blocks."""
        return _INLINE_CODE.findall(self.prose)

    def links(self) -> list[str]:
        """Return the targets of links and images."""
        return _LINK.findall(_INLINE_CODE.sub("", self.prose))

    def anchors(self) -> set[str]:
        """Return the anchors of the headings, as GitHub makes them."""
        return {_slug(heading) for heading in _HEADING.findall(self.prose)}


def _dedent(text: str) -> str:
    indent = len(text) - len(text.lstrip(" "))
    return "\n".join(line[indent:] if line[:indent].isspace() else line for line in text.splitlines())


def _slug(heading: str) -> str:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")


@cache
def page(name: str) -> Page:
    """Return one page by its path from the repository's root."""
    return Page(name, (ROOT / name).read_text(encoding="utf-8"))


def all_pages() -> list[Page]:
    """Return README, CONTRIBUTING and every page of docs, in both languages."""
    paths = [README, README_RU, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page(str(path.relative_to(ROOT))) for path in paths]


def translated_pages() -> Iterator[tuple[Page, Page]]:
    """Yield each page that has a Russian version, with that version."""
    for russian in all_pages():
        if russian.name.endswith(".ru.md"):
            yield page(russian.name.replace(".ru.md", ".md")), russian
