"""The table of the faults of the environment: what was seen before they were handled, and what shows it now.

The faults of a running database are in postgres_faults.py and sqlite_faults.py; `python -m
tests.chaos.environment` makes them and writes what every part says to docs/develop/environment-faults.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.chaos.environment import postgres_faults, sqlite_faults

_MACHINE = "tests/chaos/environment/machine"
_FAULTS_TEST = "tests/chaos/environment/test_faults.py"
_DATABASES_TEST = "tests/chaos/environment/test_databases.py"
_POSTGRES, _SQLITE = (f"{_FAULTS_TEST}::test_a_fault_of_{kind}" for kind in ("postgresql", "sqlite"))
_ENDS = "the worker ended with a traceback; the api answered 500; received forms were refused for good"
_UNNOTICED = "/readyz 200, the doctor said ok, and every write failed"
_TRACEBACK = "a traceback"


@dataclass(frozen=True)
class Row:
    """`before`: what was seen; empty: it was not recorded. `now`: what is said; empty: see the test's run."""

    kind: str
    name: str
    before: str
    shown_by: str
    now: str = ""


BEFORE: dict[str, str] = {
    "set read-only": f"{_ENDS}; {_UNNOTICED}",
    "the right to write is lost": _ENDS,
    "a table is missing": f"{_ENDS}; status and the doctor said “not migrated”",
    "idle transactions are ended": _ENDS,
    "transactions take too long": _ENDS,
    "damaged pages": _ENDS,
    "the server says that its disk is full": _UNNOTICED,
    "the disk is really full": _UNNOTICED,
    "hangs": "forms waited 89 s, /readyz 35 s",
    "cut off: packets are dropped": "connecting had a limit, answers had none",
}

_RUNNING = [
    Row(kind, fault.name, BEFORE.get(fault.name, ""), shown_by)
    for kind, shown_by, faults in (
        ("PostgreSQL", _POSTGRES, postgres_faults.FAULTS),
        ("SQLite", _SQLITE, sqlite_faults.FAULTS),
    )
    for fault in faults
]
_OTHERS = [
    Row(
        "PostgreSQL",
        "a standby that is not promoted yet",
        _ENDS,
        "tests/chaos/outages/test_failover.py::test_a_standby_takes_over",
        "503 until it is promoted, then everything goes on; no process ends",
    ),
    Row(
        "PostgreSQL",
        "restarted again and again",
        "",
        "tests/chaos/outages/test_database.py::test_restarts_in_mid_transaction",
        "503, then everything goes on",
    ),
    Row(
        "PostgreSQL",
        "the encoding is LATIN1, WIN1251 or another",
        "it migrated, or died with a TypeError",
        f"{_DATABASES_TEST}::test_a_database_of_another_encoding_is_not_used",
        "the database has an encoding other than UTF8: create it with ENCODING 'UTF8'",
    ),
    Row(
        "PostgreSQL",
        "not migrated",
        "a task died with its lease; the model was called every 60 s",
        f"{_DATABASES_TEST}::test_an_empty_database_is_not_migrated",
        "the database is not migrated: run `alembic upgrade head`",
    ),
    Row(
        "SQLite",
        "no database, cut off, damaged or not migrated from the start",
        "the worker said “held by another worker” for ever",
        f"{_DATABASES_TEST}::test_a_spoilt_sqlite_file",
        "each by its reason, in all programs",
    ),
    Row(
        "SQLite",
        "the file or its folder is another user's",
        _UNNOTICED,
        f"{_DATABASES_TEST}::test_a_sqlite_file_of_another_user",
        "read-only, or cannot be opened",
    ),
    Row(
        "log",
        "a failed statement quotes a person",
        "words, passport number and e-mail stood in the log",
        f"{_FAULTS_TEST}::test_no_process_logs_the_words_of_a_person",
        "0 finds in all processes, at DEBUG too",
    ),
    Row(
        "forms",
        "the round over received deliveries meets an outage",
        "they were refused for good",
        "tests/api/intake/test_reprocessing.py::test_only_a_delivery_that_is_at_fault_is_refused",
        "they wait",
    ),
    Row(
        "clock",
        "a worker's clock was a day ahead for seconds",
        "no new lead was looked up for a day",
        f"{_MACHINE}/test_clock.py::test_a_clock_that_was_ahead_while_the_worker_ran",
        "gaps end after their own length",
    ),
    Row(
        "clock",
        "the api's clock was ahead",
        "429 until tomorrow",
        "tests/api/security/test_rate_limiter.py::test_a_minute_that_a_wrong_clock_stored_binds_nobody",
        "its minute binds nobody",
    ),
    Row(
        "clock",
        "the account lease is from a wrong clock",
        "a standby waited for a day",
        "tests/worker/accounts/test_account_lease.py::"
        "test_a_lease_that_a_wrong_clock_stored_is_taken_over_when_it_is_not_renewed",
        "taken over 30 s after the last renewal",
    ),
    Row(
        "clock",
        "a standby's clock is ahead",
        "",
        "tests/worker/accounts/test_account_lease.py::test_a_clock_that_is_wrong_takes_over_no_living_lease",
        "it waits: the database's clock counts",
    ),
    Row(
        "clock",
        "the clock is 100 days ahead",
        "all deliveries were deleted",
        "tests/api/maintenance/test_retention.py::test_a_clock_that_jumps_ahead_deletes_one_step_only",
        "one step is deleted",
    ),
    Row(
        "clock",
        "an hour is repeated or skipped",
        "the next opening lay in the past",
        "tests/property/test_local_days.py::test_the_next_working_hour_is_open_and_not_past",
        "it lies ahead, in all zones",
    ),
    Row(
        "clock",
        "the machine differs from Telegram or the database",
        "everything said “alive”",
        "tests/worker/notifications/test_waiting.py::test_a_wrong_clock_and_a_full_disk_are_reported_once_a_day",
        "health, status, the doctor and a notice say by how much",
    ),
    Row(
        "import",
        "90,000 rows are refused, or have 5,000 cells",
        "the api stood still for 3.7 s to 77 s",
        "tests/api/intake/test_import_pace.py::test_rows_that_are_all_refused_leave_room_for_forms",
        "forms pass first",
    ),
    Row(
        "files",
        "a profile in Windows-1251 or UTF-16, or no text",
        _TRACEBACK,
        "tests/shared/test_files.py::test_the_fault_is_named",
        "one line names the file and its encoding",
    ),
    Row(
        "files",
        "a file that may not be read, or is a folder",
        _TRACEBACK,
        "tests/shared/test_files.py::test_folders_missing_and_forbidden_files_are_told_apart",
        "one line says which",
    ),
    Row(
        "files",
        "`.env` in another encoding",
        _TRACEBACK,
        "tests/shared/test_settings.py::test_dotenv_in_another_encoding_is_reported",
        "one line",
    ),
    Row(
        "files",
        "new files",
        "`leads.db` could be read by everybody",
        "tests/shared/test_files.py::test_new_files_are_private",
        "0600",
    ),
    Row(
        "files",
        "a session file that may not be read",
        "“damaged; sign in again”",
        "tests/worker/telegram/test_session.py::test_a_session_file_that_may_not_be_read_needs_no_login",
        "correct its owner or its mode",
    ),
    Row(
        "files",
        "the session's disk is full",
        "replies came 298 s later",
        f"{_MACHINE}/test_session_disk.py::test_the_disk_of_the_session_is_full_for_a_while",
        "one warning; replies come at once; a start waits for space",
    ),
    Row(
        "sockets",
        "headers without end",
        "48 MiB were taken",
        "tests/api/middleware/test_connection_limits.py::test_headers_that_are_too_large_are_refused",
        "431",
    ),
    Row(
        "sockets",
        "half-sent headers",
        "1,500 were held for ever",
        "tests/api/middleware/test_connection_limits.py::test_headers_that_do_not_come_are_not_waited_for",
        "closed after 10 s",
    ),
    Row(
        "sockets",
        "more connections than open files",
        "forms were reset without a line in the log",
        "tests/api/middleware/test_connection_limits.py::"
        "test_connections_above_the_limit_are_refused_and_logged_once",
        "503, and a line in the log",
    ),
    Row(
        "sockets",
        "a stranger's Host",
        "redirects repeated it over plain http",
        "tests/api/middleware/test_headers.py::test_a_redirect_repeats_nobodys_host",
        "redirects are relative",
    ),
    Row(
        "sockets",
        "a password in an address",
        "the doctor printed it",
        "tests/shared/test_logging_setup.py::test_credentials_in_addresses_are_masked",
        "masked",
    ),
]
ROWS: Sequence[Row] = (*_RUNNING, *_OTHERS)
