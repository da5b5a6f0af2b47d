"""A small description goes whole, a large one in what bears on the question."""

import pytest

from worker.assistant.retrieval import MOST_PICKED, WHOLE, Knowledge, sections, stems

TOPICS = {
    "Мобильные приложения": "Пишем для iOS и Android, публикуем в магазинах приложений.",
    "Интернет-магазины": "Каталог, корзина, оплата картой и рассрочка через банк.",
    "Цены": "Лендинг — от 60 000 ₽, магазин — от 200 000 ₽.",
    "Гарантия и поддержка": "Год бесплатной поддержки после запуска.",
    "Офис": "Казань, улица Баумана. Приезжайте в гости.",
    "Support in English": "We answer English-speaking customers and sign contracts in English.",
}
FILLER = "Мы любим своё дело и подходим к каждой задаче внимательно. " * 30
LARGE = "# Ромашка\n\nСтудия разработки.\n\n" + "\n\n".join(
    f"## {name}\n\n{text}\n\n### О нас {number}\n\n{FILLER}"
    for number, (name, text) in enumerate(TOPICS.items())
)


def test_a_small_description_goes_whole() -> None:
    small = Knowledge("# Ромашка\n\nПечём пироги.\n")
    assert small.excerpt("сколько стоит ракета?") == "# Ромашка\n\nПечём пироги."


@pytest.mark.parametrize(
    ("question", "topic"),
    [
        ("А приложение на айфон сделаете? под iOS", "Мобильные приложения"),
        ("сколько стоит лендинг", "Цены"),
        ("какой ценник?", "Цены"),
        ("можно ли оплатить в рассрочку", "Интернет-магазины"),
        ("есть гарантии?", "Гарантия и поддержка"),
        ("где вы находитесь", "Офис"),
        ("do you sign a contract", "Support in English"),
    ],
)
def test_of_a_large_one_what_bears_on_the_question(question: str, topic: str) -> None:
    knowledge = Knowledge(LARGE)
    assert len(LARGE) > WHOLE
    excerpt = knowledge.excerpt(question)
    assert TOPICS[topic] in excerpt
    assert len(excerpt) < MOST_PICKED + 3_000
    # What there is besides is at least named, and what is the same for all questions comes first.
    assert excerpt.startswith(knowledge.outline())
    assert all(name in excerpt for name in TOPICS)


def test_what_is_not_there_is_not_found() -> None:
    excerpt = Knowledge(LARGE).excerpt("продаёте рыбу?")
    assert excerpt.endswith("О вопросе в описании ничего не нашлось.")


def test_sections_know_the_headings_above_them() -> None:
    found = sections("Начало\n# А\n\n## Б\nтекст\n### В #\nещё\n## Г\nконец")
    assert [(one.path, one.text) for one in found] == [
        ("", "Начало"),
        ("А / Б", "текст"),
        ("А / Б / В", "ещё"),
        ("А / Г", "конец"),
    ]


def test_a_description_without_headings_is_one_section() -> None:
    knowledge = Knowledge("Печём пироги. " * 1_000)
    assert "Печём пироги." in knowledge.excerpt("какие пироги?")
    assert len(knowledge.excerpt("какие пироги?")) < MOST_PICKED + 3_000


def test_words_meet_in_their_stems() -> None:
    assert stems("Сколько стоит разработка сайтов?") & stems("Цены на разработку") == {"<price>", "разработк"}
    assert stems("applications") == stems("приложений") == {"<mobile>"}


def test_a_quote_really_stands_there() -> None:
    knowledge = Knowledge(LARGE)
    assert knowledge.has("пишем для iOS и Android, публикуем…")
    assert knowledge.has("Гарантия и поддержка")
    assert not knowledge.has("Пишем для Windows")
    assert not knowledge.has("—")
