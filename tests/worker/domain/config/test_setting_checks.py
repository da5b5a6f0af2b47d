"""A company's profile must be a text that describes something."""

from pathlib import Path

import pytest

from worker.domain.config.setting_checks import check_profile


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty: describe the company"),
        (b"\n  # \n---\n", "is empty: describe the company"),
        ("Мы делаем сайты".encode("cp1251"), "is Windows-1251 text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is no text file"),
    ],
)
def test_an_unusable_profile_is_named_with_its_fault(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "profile.md"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=says):
        check_profile(path)


def test_a_folder_is_no_profile(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder"):
        check_profile(tmp_path)
