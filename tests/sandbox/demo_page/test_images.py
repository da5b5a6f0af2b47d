"""Nothing of the sandbox gets into the images of the product."""

import re

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize("file", ["Dockerfile.api", "Dockerfile.worker"])
def test_only_the_sandboxs_image_holds_the_demo_page(file: str) -> None:
    text = (ROOT / file).read_text()
    stages = dict(re.findall(r"^FROM \S+(?: AS (\S+))?\n((?:(?!FROM ).*\n?)*)", text, re.MULTILINE))
    holders = {name for name, lines in stages.items() if re.search(r"COPY (?!--from)[^\n]*sandbox", lines)}
    holders |= {name for name, lines in stages.items() for holder in holders if f"--from={holder} " in lines}
    assert holders == (set() if file == "Dockerfile.api" else {"sandbox", "sandbox-code"})
    # What a build without --target makes.
    last = list(stages.items())[-1]
    assert "sandbox" not in last[1]
