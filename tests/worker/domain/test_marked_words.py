"""What stands in square brackets in a conversation: contact cards, reactions, quotes, forwarded words."""

from tests.worker.domain.test_conversation import conversation_of, ours, received


def test_a_contact_card_is_masked_for_the_model() -> None:
    card = received("[contact: Пётр, +79161234567] мой второй номер")
    (turn,) = conversation_of(card).turns()
    assert "1234567" not in turn.text
    assert "Пётр" in turn.text
    assert card.text == "[contact: Пётр, +79161234567] мой второй номер"
    for number in ("+123456", "555-12-34", "0800 12 34"):
        (turn,) = conversation_of(received(f"[contact: Ann, {number}]")).turns()
        assert turn.text == "[contact: Ann, …]"


def test_reactions_and_quotes_are_told_from_words() -> None:
    liked = received("[reaction 👍 to “Удобно завтра в 15:00?”]")
    assert conversation_of(ours("Удобно?"), liked).unanswered_text == "👍"
    assert conversation_of(ours("Удобно?"), liked).only_reacted
    assert not conversation_of(liked, received("но позже")).only_reacted
    assert not conversation_of(ours("Удобно?")).only_reacted
    replied = conversation_of(received("[reply to “Завтра в 15:00?”] да"))
    assert replied.unanswered_text == "да"


def test_forwarded_and_quoted_words_are_told_from_own_ones() -> None:
    forwarded = received("[forwarded from Пётр] Да, позвоните")
    assert conversation_of(ours("Удобно?"), forwarded).unanswered_text == ""
    lead = conversation_of(ours("Удобно?"), forwarded, received("[reply to “Завтра?”] подумаю"))
    turn = lead.turns()[-1]
    assert turn.text == "[forwarded from Пётр] Да, позвоните\n[reply to “Завтра?”] подумаю"
    assert turn.expressed.split() == ["подумаю"]
    assert lead.turns()[0].expressed == "Удобно?"
