"""Which texts get a canned response and a handoff, and which do not."""

import pytest

from shared.intents import Intent
from shared.statuses import LeadStatus
from worker.dialogue import special_requests
from worker.dialogue.special_requests import match_special_request
from worker.domain.voice_notes import is_only_voice

LINK = "https://calendly.com/x"
S = LeadStatus


@pytest.mark.parametrize(
    ("status", "said", "case"),
    [
        (S.CONTACTED, "Позвоните мне лучше", "call"),
        (S.ENGAGED, "перезвоните пожалуйста после шести", "call"),
        (S.SCHEDULED, "Just call me", "call"),
        (S.SCHEDULED, "Ссылка не открывается", "calendar"),
        (S.BOOKED, "не могу выбрать время в календаре", "calendar"),
        (S.SCHEDULED, "The link does not work", "calendar"),
        (S.SCHEDULED, "the link doesn't work", "calendar"),
        (S.BOOKED, "Можно перенести на пятницу?", "move"),
        (S.BOOKED, "I need to reschedule", "move"),
        (S.SCHEDULED, "Можно перенести на пятницу?", "move"),
        (S.SCHEDULED, "Давайте перенесём встречу", "move"),
        (S.SCHEDULED, "созвон надо перенести", "move"),
        (S.SCHEDULED, "не смогу сейчас посмотреть", None),
        (S.SCHEDULED, "А перенос данных из старой CRM входит?", None),
        (S.SCHEDULED, "Сможете перенести сайт на другой хостинг?", None),
        (S.BOOKED, "А перенос данных из старой CRM входит?", None),
        (S.BOOKED, "Можно ли отменить подписку в приложении?", None),
        (S.BOOKED, "Надо перенести", "move"),
        (S.BOOKED, "завтра не смогу", "move"),
        (S.ENGAGED, "Можно перенести на пятницу?", None),
        (S.CONTACTED, "Сайт не открывается, сколько стоит починить?", None),
        (S.CONTACTED, "только не звоните, пишите", None),
        (S.CONTACTED, "давайте созвонимся", None),
    ],
)
def test_match_special_request(status: LeadStatus, said: str, case: str | None) -> None:
    response = match_special_request(status, Intent.QUESTION, said, "ru", LINK)
    assert (response and response.reason) == (case and special_requests.REASONS[case])
    if response is not None:
        assert (LINK in response.text) == (case == "move")
        english = match_special_request(status, Intent.QUESTION, said, "en", LINK)
        assert english is not None
        assert english.text.isascii()


def test_refusal_is_not_a_request_for_a_call() -> None:
    assert match_special_request(S.CONTACTED, Intent.REJECT, "позвоните другим", "ru", LINK) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("[voice message]", True),
        ("[voice message]\n[video message]", True),
        ("[voice message]\nда", False),
        ("[sticker 👍]", False),
        ("", False),
    ],
)
def test_is_only_voice(said: str, expected: bool) -> None:
    assert is_only_voice(said) is expected
