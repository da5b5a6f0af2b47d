"""`python -m api read` as a process: what it shows, and that it needs no database."""

import json
import subprocess
from pathlib import Path

from tests.support.api_process import run

PHONE = "+79990009401"


def _read(folder: Path, body: bytes, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    (folder / "body.txt").write_bytes(body)
    return run(folder, "read", "--file", "body.txt", *arguments, **settings)


def test_a_lead_is_shown_with_its_evidence(tmp_path: Path) -> None:
    body = json.dumps({"data": {"Name": "Анна", "Phone": PHONE, "token": "s3cret-word"}}).encode()
    ended = _read(tmp_path, body)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "name      Анна" in ended.stdout
    assert f"phone     {PHONE}  strong: a field for phones, «Phone»" in ended.stdout
    assert "username  (none)" in ended.stdout
    assert "s3cret-word" not in ended.stdout
    assert not list(tmp_path.glob("*.db"))


def test_each_person_is_shown(tmp_path: Path) -> None:
    people = [{"name": "Анна", "phone": PHONE}, {"name": "Иван", "phone": "нет"}]
    shown = _read(tmp_path, json.dumps(people).encode()).stdout
    assert "person 1 of 2:\nname      Анна" in shown
    assert "person 2 of 2:\nrefused: phone: this is neither" in shown


def test_the_rows_of_a_csv_file_are_shown(tmp_path: Path) -> None:
    shown = _read(
        tmp_path, f"Имя;Телефон\nАнна;{PHONE}\n\nИван;\n".encode(), "--content-type", "text/csv"
    ).stdout
    assert "person 1 of 2:\nname      Анна" in shown
    assert "person 2 of 2:\nrefused: phone" in shown


def test_what_is_wrong_with_the_json_is_shown(tmp_path: Path) -> None:
    shown = _read(tmp_path, b'{"name": "Anna",\n "phone": "+7999').stdout
    assert "not valid JSON: Unterminated string starting at: line 2 column 11" in shown
    assert "refused" in shown


def test_the_query_string_and_the_mapping_count(tmp_path: Path) -> None:
    (tmp_path / "forms.yaml").write_text("albato:\n  phone: Куда звонить\n", "utf-8")
    query = "%D0%9A%D1%83%D0%B4%D0%B0%20%D0%B7%D0%B2%D0%BE%D0%BD%D0%B8%D1%82%D1%8C=89990009401"
    arguments = ("--query", query, "--source", "albato")
    shown = _read(tmp_path, b"", *arguments, TILDA_FIELDS="forms.yaml").stdout
    assert f"phone     {PHONE}  strong" in shown


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    ended = run(tmp_path, "read", "--file", "nowhere.txt")
    assert (ended.returncode, ended.stderr) == (2, "error: --file: nowhere.txt: No such file or directory\n")
