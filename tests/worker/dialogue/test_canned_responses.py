"""Which texts get a canned response and a handoff, and which do not."""

import pytest

from shared.statuses import Intent, LeadStatus
from worker.dialogue import canned_responses
from worker.dialogue.canned_responses import match_canned_response
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
def test_match_canned_response(status: LeadStatus, said: str, case: str | None) -> None:
    response = match_canned_response(status, Intent.QUESTION, said, "ru", LINK)
    assert (response and response.reason) == (case and canned_responses.REASONS[case])
    if response is not None:
        assert (LINK in response.text) == (case == "move")
        english = match_canned_response(status, Intent.QUESTION, said, "en", LINK)
        assert english is not None
        assert english.text.isascii()


def test_refusal_is_not_a_request_for_a_call() -> None:
    assert match_canned_response(S.CONTACTED, Intent.REJECT, "позвоните другим", "ru", LINK) is None


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
