"""A worker that starts with a bad model tests it, and then works in careful mode."""

import contextlib
import sqlite3
from pathlib import Path

from tests.support.running_product import LINK, RunningProduct, running_product
from worker.dialogue import templates

SAID = {
    "sec": "сек",
    "stack": "С Битриксом работаете?",
    "yes": "Да, давайте созвонимся",
    "opt out": "Отпишите меня",
    "human": "Позовите живого человека",
}
ENDS = {
    "sec": "engaged",
    "stack": "engaged",
    "yes": "scheduled",
    "opt out": "rejected",
    "human": "handed_off",
}
GREETING = "Здравствуйте, Анна! Это GordovCode: вы оставили заявку на нашем сайте."


def test_a_bad_model_works_in_careful_mode(tmp_path: Path, sqlite_url: str) -> None:
    with running_product(tmp_path, sqlite_url, ASSISTANT_TRUST="auto", OWNER_CHAT="me") as product:
        product.worker.wait_for_log("it may decide")
        product.control.put("/openai/settings", json={"small": True})
        product.worker.stop()
        product.settings["OPENAI_MODEL"] = "bad-1b"
        product.restart_worker()
        product.worker.wait_for_log("it works in careful mode")
        got = _talk_to(product)
    assert {way for way, text in got.items() if LINK in text} == {"yes"}
    assert got["human"] == templates.handoff_notice("ru")
    with contextlib.closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        told = "SELECT count(*) FROM owner_notices WHERE key LIKE 'careful-mode:%'"
        assert connection.execute(told).fetchone() == (1,)


def _talk_to(product: RunningProduct) -> dict[str, str]:
    """Let a person say each text; returns what they are answered."""
    people = {way: product.add_person() for way in SAID}
    leads = {way: product.submit(Telegram=f"@{one['username']}")["id"] for way, one in people.items()}
    for way, lead in leads.items():
        product.wait_for_status(lead, "contacted")
        assert product.received(people[way])[0].startswith(GREETING)
        product.say(people[way], SAID[way])
    for way, status in ENDS.items():
        product.wait_for_status(leads[way], status)
    return {way: product.received(one)[1] for way, one in people.items()}
