"""TILDA_FIELDS: the owner's mapping overrides the roles recognised by field names."""

from pathlib import Path

import pytest

from api.forms.custom_mapping import FormMapping
from api.forms.custom_mapping_file import read_mapping
from api.forms.fields import Field
from api.forms.form import Form
from api.forms.form_reader import FormLead, read_lead
from tests.support.api_process import run

PHONE, OTHER = "+79991234567", "+79997654321"
FILE = """
form1:
  name: Питомец
  phone: [Куда звонить, 2]
  username: Где вы онлайн
  comment: Телефон друга
  ignored: [Согласие]
"*":
  contact: Связь или нет
  name: Кличка
"""


@pytest.fixture
def mapping(tmp_path: Path) -> FormMapping:
    path = tmp_path / "forms.yaml"
    path.write_text(FILE, "utf-8")
    return read_mapping(path)


def _lead(mapping: FormMapping, form: str, **fields: str) -> FormLead:
    return read_lead(
        Form([Field("formid", form), *(Field(*item) for item in fields.items())]), mapping=mapping
    )


def test_a_mapped_field_overrides_a_recognised_one(mapping: FormMapping) -> None:
    fields = {"Name": "Не имя", "Фамилия": "Нет", "Phone": OTHER, " ПИТОМЕЦ ": "Рекс", "Куда  звонить": PHONE}
    lead = _lead(
        mapping, "form1", **fields, **{"Телефон друга": OTHER, "Согласие": "да", "Где вы онлайн": "@rex_1"}
    )
    assert (lead.name, lead.contact.phone and lead.contact.phone.e164, lead.contact.username) == (
        "Рекс",
        PHONE,
        "rex_1",
    )
    expected = {"formid": "form1", "Name": "Не имя", "Фамилия": "Нет", "Phone": OTHER, "Телефон друга": OTHER}
    assert lead.extra == expected


def test_fields_that_are_not_mapped_are_recognised_by_name(mapping: FormMapping) -> None:
    for username, mapped in (("rex_1", {}), ("rex_2", {"Где вы онлайн": ""})):
        fields = {"Питомец": "Рекс", "Telegram": "@rex_1", "messenger-id": "@rex_2", "2": PHONE}
        lead = _lead(mapping, "form1", **fields, **mapped)
        assert (lead.contact.username, lead.contact.phone and lead.contact.phone.e164) == (username, PHONE)
    lead = _lead(mapping, "other", Name="Анна", Phone=PHONE, Питомец="Рекс")
    assert (lead.name, lead.extra["Питомец"]) == ("Анна", "Рекс")


def test_an_entry_for_all_forms_applies_to_every_form(mapping: FormMapping) -> None:
    for form in ("form1", "other", ""):
        lead = _lead(mapping, form, Кличка="Рекс", **{"Связь или нет": "t.me/rex_1"})
        assert (lead.name, lead.contact.username) == ("Рекс", "rex_1")


def test_other_fields_are_tried_if_mapped_ones_have_no_contact(mapping: FormMapping) -> None:
    lead = _lead(mapping, "form1", Phone=PHONE, **{"Куда звонить": "не звоните", "Телефон друга": OTHER})
    assert lead.contact.phone is not None
    assert lead.contact.phone.e164 == PHONE


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("form1:\n  phon: Tel", "form form1: phon is not one of name, last_name, phone"),
        ("form1:\n  phone: Tel\n  name: ' tel '", "form form1:  tel  is listed twice"),
        ("form1:\n  phone: Tel\nform1:\n  name: X", "form1 is listed twice"),
        (
            "form1:\n  phone: {a: b}",
            "form form1: phone: the name of a field, or a list of names, is expected",
        ),
        ("form1: Tel", "form form1: name, phone or another role is expected"),
        ("form1:\n  phone: ['', true]", "form form1: phone: the name of a field"),
        ("- form1", "contains no forms"),
        ("", "contains no forms"),
        ("form1: [", "is not valid YAML"),
        ("!!python/object/apply:os.getcwd []", "is not valid YAML"),
    ],
)
def test_an_invalid_file_is_an_error_of_one_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "forms.yaml"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r"forms\.yaml: ") as raised:
        read_mapping(path)
    assert message in str(raised.value)
    assert len(str(raised.value).splitlines()) == 1


def test_the_api_does_not_start_with_an_invalid_file(tmp_path: Path) -> None:
    (tmp_path / "forms.yaml").write_text("form1:\n  phon: Tel", "utf-8")
    ended = run(tmp_path, TILDA_FIELDS="forms.yaml")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (2, 1), ended.stderr
    assert "TILDA_FIELDS: forms.yaml: form form1: phon is not one of name" in ended.stderr
