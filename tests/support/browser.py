"""Finds the browser for tests/browser: an installed Chromium and the package that drives it."""

import os
import shutil
from importlib.util import find_spec

HOW_TO_HAVE_IT = (
    "left out: tests/browser (the console in a browser); to run them: apt-get install chromium,"
    " or set CHROMIUM to the path of one"
)


def _find_chromium() -> str | None:
    named = os.environ.get("CHROMIUM")
    return shutil.which(named) if named else shutil.which("chromium") or shutil.which("chromium-browser")


CHROMIUM = _find_chromium() if find_spec("playwright") else None
