"""`python -m tests.worker.doctor.providers_page` rewrites the doctor's output on the page about providers."""

import asyncio

from tests.worker.doctor.providers import PAGE, generated, section


def main() -> None:
    """Rewrite the part between the marks."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(text.replace(generated(), asyncio.run(section())), encoding="utf-8")


if __name__ == "__main__":
    main()
