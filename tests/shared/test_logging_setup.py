"""Phones are masked in every part of a log record; time stamps and ids stay readable."""

import io
import logging
import re
import subprocess
import sys
import time

import pytest

from shared.logging_setup import MaskingFormatter, mask, mask_credentials, mask_phones, size
from tests.conftest import ROOT
from tests.support.waiting import patience_seconds

PHONES = [
    "+79991234567",
    "79991234567",
    "89991234567",
    "9991234567",
    "8999-123-45-67",
    "8 (999) 123-45-67",
    "8(999)1234567",
    "+7 (999) 123-45-67",
    "+7 999 123 45 67",
    "+7\u00a0999\u00a0123\u201145\u201167",
    "8.999.123.45.67",
    "999 123-45-67",
    "(495) 123-45-67",
    "+7 777 123 45 67",
    "+380441234567",
    "+380 44 123 45 67",
    "380441234567",
    "375291234567",
    "998901234567",
    "+1 (212) 555-0123",
    "12125550123",
    "+44 20 7946 0958",
    "+33 1 23 45 67 89",
    "+49 (0) 30 123456",
    # As in a form's body, in a query string, and in the repr of a form's value.
    "%2B7+%28999%29+123-45-67",
    "%2b79991234567",
    "8%20999%20123%2045%2067",
    repr("+7\u00a0999\u00a0123\u00a045\u00a067").strip("'"),
]

LEFT_ALONE = [
    "2026-11-22 13:35:29,123 INFO    worker lead 12 found",
    "2026-11-22 13:35:29,123+0300 INFO    worker lead 12 found",
    "2026-11-22T13:35:29.123456+00:00",
    "[2026-11-22 13:35:29 +0000] [12345] listening on 0.0.0.0:8000",
    "22/Nov/2026:13:35:29 +0300 200 1234",
    "epoch 1790000000, 1790000000.123456, 1790000000123",
    "lead 17, event 100500, message 2147483648, attempt 3 of 8 in 300 s",
    "telegram_user_id=7123456789 id 5000000000 id 1099511627776",
    "chat -1001234567890, random_id 8123456789012345678, -8123456789012345678",
    "lead 7 1234567890",
    "192.168.10.100:5432",
    "550e8400-e29b-41d4-a716-446655440000",
    "took 12.345678901234 s, +3.14159265358979",
    "+7999",
]


@pytest.mark.parametrize("phone", PHONES)
@pytest.mark.parametrize(
    "around", ["{}", "lead 12: phone={}, next 34", "Key (phone)=({}) exists", "['{}', 5]"]
)
def test_phones_are_masked(phone: str, around: str) -> None:
    masked = mask_phones(around.format(phone))
    before, after = around.split("{}")
    assert masked.startswith(before.rstrip("("))
    assert masked.endswith(after)
    assert "…" in masked
    assert sum(character.isdigit() for character in masked.removeprefix(before).removesuffix(after)) <= 4


@pytest.mark.parametrize("line", LEFT_ALONE)
def test_time_stamps_and_ids_are_not_masked(line: str) -> None:
    assert mask_phones(line) == line


def test_numbers_next_to_a_phone_are_not_masked() -> None:
    assert mask_phones("lead 12 79991234567 34") == "lead 12 79…67 34"
    assert mask_phones("+79991234567 12345678, 89997654321") == "+7…67 12345678, 89…21"


@pytest.mark.parametrize("piece", ["1", "1 ", "+", "8 ", "8(", "+7(", "%2B", "9-", "12345678901 "])
def test_long_line_is_masked_quickly(piece: str) -> None:
    # CPU time, not wall time: the machine may be busy.
    started = time.process_time()
    mask_phones(piece * (30_000 // len(piece)))
    assert time.process_time() - started < 2


def test_message_arguments_and_traceback_are_masked() -> None:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(MaskingFormatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("sample")
    logger.propagate = False
    logger.addHandler(handler)
    try:
        try:
            raise KeyError("+7 (999) 123-45-67")
        except KeyError as inner:
            raise ValueError("lead 12: 89991234567") from inner
    except ValueError:
        logger.exception("lead %d failed: %s", 12, {"phone": "+79991234567"})
    written = stream.getvalue()
    assert "Traceback" in written
    assert written.count("+7…67") >= 2
    assert "lead 12: 89…67" in written
    assert "4567" not in written
    assert "123-45-67" not in written


def test_process_logs_to_stderr_with_full_time_stamp_and_masked_phones() -> None:
    script = (
        "import logging; from shared.logging_setup import configure; configure('INFO');"
        "logging.getLogger('worker').info('lead 12 %s', '+79991234567');"
        "logging.getLogger('worker').debug('hidden'); logging.getLogger('httpx').info('hidden')"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
        timeout=patience_seconds(),
    )
    assert done.stdout == ""
    stamp, _, rest = done.stderr.partition(" INFO ")
    assert time.strptime(stamp.partition(",")[0], "%Y-%m-%d %H:%M:%S").tm_year >= 2024
    assert re.fullmatch(r"\d{3}[+-]\d{4}", stamp.rstrip().partition(",")[2])
    assert rest.strip() == "worker lead 12 +7…67"


def test_time_stamp_is_the_standard_one_and_its_zone() -> None:
    formatter = MaskingFormatter("%(asctime)s %(message)s")
    plain = logging.Formatter(f"%(asctime)s{time.strftime('%z', time.localtime(1_700_000_000))} %(message)s")
    for created in (1_700_000_000.0, 1_700_000_000.123, 1_700_000_001.999, 1_700_000_000.5):
        record = logging.makeLogRecord({"msg": "m", "created": created, "msecs": created % 1 * 1000})
        assert formatter.format(record) == plain.format(record)


@pytest.mark.parametrize(
    ("contact", "masked"),
    [
        (None, "-"),
        ("", "-"),
        ("+79991234567", "+7…67"),
        ("89991234567", "89…67"),
        ("anna_k", "an…"),
        ("user12345", "us…"),
        ("a", "…"),
        ("12", "…"),
    ],
)
def test_masked_contact_shows_only_its_ends(contact: str | None, masked: str) -> None:
    assert mask(contact) == masked


def test_size_of_a_message_replaces_its_text() -> None:
    assert size("Привет") == "6 chars"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("postgresql://anna:pass@host/name fails", "postgresql://anna:***@host/name fails"),
        ("socks5://u:p@ss/word@10.0.0.1:1080", "socks5://u:***@10.0.0.1:1080"),
        ("model at https://sk-1@host/v1 fails", "model at https://***@host/v1 fails"),
        ("https://u:p@host/v1", "https://u:***@host/v1"),
        ("https://x.example/?token=abc&a=1", "https://x.example/?token=***&a=1"),
        ("postgresql:///n?host=h&password=abc", "postgresql:///n?host=h&password=***"),
        ("https://t.me/proxy?server=s&secret=ee11", "https://t.me/proxy?server=s&secret=***"),
        ("see https://example.com:8080/a and anna@example.com", None),
        ("http://127.0.0.1:8000/docs", None),
    ],
)
def test_credentials_in_addresses_are_masked(text: str, masked: str | None) -> None:
    assert mask_credentials(text) == (masked or text)
