"""The worker notices a disk that is nearly full before it is full."""

from pathlib import Path

from shared.translations import translate_reason
from worker.monitoring.disk_space import find_nearly_full, folders_of, is_nearly_full


def test_folders_are_those_of_the_session_and_of_a_database_file(tmp_path: Path) -> None:
    session = tmp_path / "session"
    assert folders_of(session, f"sqlite:///{tmp_path}/data/leads.db") == [session, tmp_path / "data"]
    assert folders_of(session, "postgresql://leads@db/leads") == [session]


def test_a_nearly_full_disk_is_found_and_a_missing_folder_is_passed_over(tmp_path: Path) -> None:
    assert find_nearly_full([tmp_path], lambda *_: False) is None
    said = find_nearly_full([tmp_path / "nowhere", tmp_path], lambda *_: True)
    assert said is not None
    assert said.endswith(f" MB free in {tmp_path}")
    assert translate_reason("ru", said).startswith("свободно ")


def test_a_small_volume_is_nearly_full_later() -> None:
    megabyte = 2**20
    assert is_nearly_full(199 * megabyte, 10_000 * megabyte)
    assert not is_nearly_full(201 * megabyte, 10_000 * megabyte)
    assert not is_nearly_full(60 * megabyte, 500 * megabyte)
    assert is_nearly_full(40 * megabyte, 500 * megabyte)
