"""What the demo page counts, from what Telegram and the product have."""

from typing import Any

import pytest

from sandbox.demo_page.counts import GRACE_SECONDS, Counts, count
from sandbox.demo_page.visitors import Record
from sandbox.fake_telegram.state.mailbox import Chat, Message


def _chat(*texts: str) -> Chat:
    """A chat; texts that begin with `<` are the person's."""
    messages = [
        Message(number, 1, out=not text.startswith("<"), text=text, date=0, random_id=number)
        for number, text in enumerate(texts, 1)
    ]
    return Chat(1, messages)


def _lead(
    status: str = "contacted", *messages: dict[str, Any], duplicate_of: int | None = None
) -> dict[str, Any]:
    numbered = [{"id": number, **message} for number, message in enumerate(messages, 1)]
    return {"id": 7, "status": status, "duplicate_of": duplicate_of, "messages": numbered}


def _out(kind: str = "answer", state: str = "sent") -> dict[str, Any]:
    return {"direction": "out", "kind": kind, "state": state}


def _in(state: str = "handled") -> dict[str, Any]:
    return {"direction": "in", "kind": "reply", "state": state}


def _count(chat: Chat, *leads: dict[str, Any], quiet_for: float = 0.0, gone: bool = False) -> Counts:
    sent = sum(message.out for message in chat.messages)
    record = Record(dict(enumerate(leads, 1)), {1} if gone else set(), sent, len(chat.messages) - sent)
    return count([chat], record, 1, 0, range(1, len(leads) + 1), quiet_for)


def test_a_conversation_without_trouble() -> None:
    chat = _chat("Здравствуйте", "<Сколько?", "От 100 000")
    lead = _lead("engaged", _out("greeting"), _in(), _out())
    assert _count(chat, lead, quiet_for=1000) == Counts(forms=1, greeted=1)


@pytest.mark.parametrize(
    ("chat", "leads"),
    [
        pytest.param(
            _chat("Здравствуйте", "Здравствуйте"), [_lead("contacted", _out("greeting"), _out())], id="text"
        ),
        pytest.param(
            _chat("A", "B"), [_lead("contacted", _out("greeting"), _out("greeting"))], id="two greetings"
        ),
        pytest.param(_chat("A", "B"), [_lead("contacted", _out("greeting"))], id="not known to the product"),
    ],
)
def test_what_is_said_twice(chat: Chat, leads: list[dict[str, Any]]) -> None:
    assert _count(chat, *leads).twice == 1


def test_an_answer_to_the_same_question_may_be_the_same() -> None:
    chat = _chat("Привет", "<Сколько?", "100", "<Сколько?", "100")
    lead = _lead("engaged", _out("greeting"), _in(), _out(), _in(), _out())
    assert _count(chat, lead).twice == 0


def test_who_asks_again_later_may_be_greeted_again() -> None:
    chat = _chat("Привет", "<Не надо", "Снова здравствуйте")
    lead = _lead("contacted", _out("greeting"), _in(), _out("greeting"))
    assert _count(chat, lead).twice == 0


@pytest.mark.parametrize(
    ("chat", "leads"),
    [
        pytest.param(_chat(), [_lead("pending")], id="nobody was written to"),
        pytest.param(_chat("A", "<Да"), [_lead("contacted", _out("greeting"))], id="words are not stored"),
        pytest.param(
            _chat("A", "<Да"), [_lead("engaged", _out("greeting"), _in("received"))], id="not answered"
        ),
    ],
)
def test_what_is_not_done_waits_and_is_lost_after_a_time(chat: Chat, leads: list[dict[str, Any]]) -> None:
    early = _count(chat, *leads, quiet_for=GRACE_SECONDS - 1)
    late = _count(chat, *leads, quiet_for=GRACE_SECONDS + 1)
    assert (early.waiting, early.lost) == (1, 0)
    assert (late.waiting, late.lost) == (0, 1)


def test_an_accepted_form_without_a_lead_is_lost() -> None:
    assert count([], Record(), 1, 0, [5], GRACE_SECONDS + 1).lost == 1


@pytest.mark.parametrize(
    "leads",
    [
        pytest.param([_lead("unreachable")], id="unreachable"),
        pytest.param([_lead("handed_off", _out("greeting"), _in("received"))], id="with a human"),
        pytest.param([_lead("engaged", _out("greeting")), _lead("pending")], id="a second request"),
        pytest.param([_lead("engaged", _out("greeting")), _lead("pending", duplicate_of=1)], id="duplicate"),
    ],
)
def test_what_the_product_has_decided_is_not_lost(leads: list[dict[str, Any]]) -> None:
    assert _count(_chat(), *leads, quiet_for=1000).lost == 0


def test_an_erased_person_is_not_counted_as_lost() -> None:
    assert _count(_chat("A", "<B"), quiet_for=1000, gone=True) == Counts(forms=1)


def test_the_figures_of_visitors_are_added() -> None:
    assert Counts(1, 1, 0, 2) + Counts(2, 1, 1, 0, 1) == Counts(3, 2, 1, 2, 1)
