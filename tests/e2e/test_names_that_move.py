"""A username or a phone that has changed its owner: only the person who asked now is written to."""

from typing import Any

import pytest

from tests.support.running_product import RunningProduct
from tests.support.waiting import until

SECRET = "Секретный проект Бориса"
Person = dict[str, Any]


def _hand_over(product: RunningProduct, giver: Person, taker: Person, **what: bool) -> None:
    answer = product.control.post(f"/people/{giver['id']}/hand-over", json={"to": taker["id"], **what})
    assert answer.is_success, answer.text


def _change(product: RunningProduct, person: Person, **fields: object) -> None:
    answer = product.control.patch(f"/people/{person['id']}", json=fields)
    assert answer.is_success, answer.text


def _known(product: RunningProduct, **fields: object) -> tuple[Person, Person]:
    """Add Дарья, whom the account has found by a form, and Борис without a contact."""
    darya = product.add_person(name="Дарья", **fields)
    boris = product.add_person(name="Борис", username=None, phone=None)
    return darya, boris


@pytest.mark.parametrize("is_greeted", [True, False], ids=["greeted", "only found"])
def test_a_username_that_moved_leads_to_its_new_owner(product: RunningProduct, is_greeted: bool) -> None:
    darya, boris = _known(product)
    name = darya["username"]
    lead = product.submit(Name="Дарья", Telegram=f"@{name}")
    product.wait_for_status(lead["id"], "contacted")
    if is_greeted:
        product.say(darya, "Неактуально")
        product.wait_for_status(lead["id"], "rejected")
    before = product.received(darya)
    _hand_over(product, darya, boris)
    second = product.submit(Name="Борис", Telegram=f"@{name}", Comments=SECRET)
    second = product.wait_for_status(second["id"], "contacted")
    assert second["telegram_user_id"] == boris["id"]
    assert SECRET in product.received(boris)[0]
    until(lambda: not product.unfinished_work(), "everything is done")
    assert product.received(darya) == before
    assert SECRET not in str(product.received(darya))


def test_a_collectible_username_that_moved(product: RunningProduct) -> None:
    name = f"collectible_{product.api.base_url.port}"
    darya, boris = _known(product, more_usernames=[name])
    first = product.submit(Name="Дарья", Telegram=f"@{name}")
    product.wait_for_status(first["id"], "contacted")
    _change(product, darya, more_usernames=[])
    _change(product, boris, more_usernames=[name])
    second = product.submit(Name="Борис", Telegram=f"@{name}", Comments=SECRET)
    assert product.wait_for_status(second["id"], "contacted")["telegram_user_id"] == boris["id"]
    assert len(product.received(darya)) == 1
    assert SECRET in product.received(boris)[0]


def test_a_phone_that_moved_leads_to_its_new_owner(product: RunningProduct) -> None:
    darya, boris = _known(product, username=None)
    phone = f"+{darya['phone']}"
    product.wait_for_status(product.submit(Name="Дарья", Phone=phone)["id"], "contacted")
    _hand_over(product, darya, boris, username=False, phone=True)
    second = product.submit(Name="Борис", Phone=phone, Comments=SECRET)
    assert product.wait_for_status(second["id"], "contacted")["telegram_user_id"] == boris["id"]
    assert len(product.received(darya)) == 1
    assert SECRET in product.received(boris)[0]


def test_a_moved_username_that_nobody_has_falls_back_to_the_phone(product: RunningProduct) -> None:
    darya, boris = _known(product)
    name = darya["username"]
    product.wait_for_status(product.submit(Name="Дарья", Telegram=f"@{name}")["id"], "contacted")
    _change(product, darya, username=None)
    _change(product, boris, phone=f"7999{boris['id'] % 10_000_000:07d}")
    phone = f"+7999{boris['id'] % 10_000_000:07d}"
    second = product.submit(Name="Борис", Telegram=f"@{name}", Phone=phone, Comments=SECRET)
    second = product.wait_for_status(second["id"], "contacted")
    assert (second["resolved_via"], second["telegram_user_id"]) == ("phone", boris["id"])
    assert len(product.received(darya)) == 1


@pytest.mark.parametrize("contact", ["username", "phone"])
def test_a_contact_that_moves_between_finding_and_sending(product: RunningProduct, contact: str) -> None:
    product.worker.stop()
    product.worker = product.start_worker(MODE="drafts")
    darya, boris = _known(product)
    form = {"Telegram": f"@{darya['username']}"} if contact == "username" else {"Phone": f"+{darya['phone']}"}
    lead = product.submit(Name="Борис", Comments=SECRET, **form)
    product.wait_for_status(lead["id"], "resolved")

    def draft() -> dict | None:
        drafts = product.api.get("/drafts").json()
        return next((one for one in drafts if one["lead_id"] == lead["id"]), None)

    found = until(draft, "the greeting is a draft")
    _hand_over(product, darya, boris, username=contact == "username", phone=contact == "phone")
    assert product.api.post(f"/drafts/{found['id']}/approve").is_success
    again = until(lambda: (one := draft()) and one["id"] != found["id"] and one, "a draft for the new owner")
    assert product.api.post(f"/drafts/{again['id']}/approve").is_success
    lead = product.wait_for_status(lead["id"], "contacted")
    assert lead["telegram_user_id"] == boris["id"]
    assert product.received(darya) == []
    assert len(product.received(boris)) == 1
    reasons = [event["reason"] for event in lead["events"] if event["to_status"] == "pending"]
    assert "no longer belongs to the person who was found" in reasons[-1]
    product.worker.stop()
    product.restart_worker()
