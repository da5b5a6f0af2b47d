"""A small profile is used in full, of a large one only the sections relevant to the question."""

import pytest

from worker.assistant.prompts.retrieval import (
    MAX_EXCERPT_LENGTH,
    MAX_FULL_LENGTH,
    CompanyProfile,
    extract_stems,
    split_sections,
)

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


def test_small_profile_is_used_in_full() -> None:
    small = CompanyProfile("# Ромашка\n\nПечём пироги.\n")
    assert small.excerpt_for("сколько стоит ракета?") == "# Ромашка\n\nПечём пироги."


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
def test_excerpt_of_a_large_profile_has_the_relevant_section(question: str, topic: str) -> None:
    company = CompanyProfile(LARGE)
    assert len(LARGE) > MAX_FULL_LENGTH
    excerpt = company.excerpt_for(question)
    assert TOPICS[topic] in excerpt
    assert len(excerpt) < MAX_EXCERPT_LENGTH + 3_000
    # The outline names all other sections. It is equal for all questions, so it comes first.
    assert excerpt.startswith(company.outline())
    assert all(name in excerpt for name in TOPICS)


def test_excerpt_says_if_nothing_is_relevant() -> None:
    excerpt = CompanyProfile(LARGE).excerpt_for("продаёте рыбу?")
    assert excerpt.endswith("О вопросе в описании ничего не нашлось.")


def test_section_path_has_the_headings_above() -> None:
    found = split_sections("Начало\n# А\n\n## Б\nтекст\n### В #\nещё\n## Г\nконец")
    assert [(one.path, one.text) for one in found] == [
        ("", "Начало"),
        ("А / Б", "текст"),
        ("А / Б / В", "ещё"),
        ("А / Г", "конец"),
    ]


def test_profile_without_headings_is_one_section() -> None:
    company = CompanyProfile("Печём пироги. " * 1_000)
    assert "Печём пироги." in company.excerpt_for("какие пироги?")
    assert len(company.excerpt_for("какие пироги?")) < MAX_EXCERPT_LENGTH + 3_000


def test_word_forms_and_synonyms_share_a_stem() -> None:
    assert extract_stems("Сколько стоит разработка сайтов?") & extract_stems("Цены на разработку") == {
        "<price>",
        "разработк",
    }
    assert extract_stems("applications") == extract_stems("приложений") == {"<mobile>"}


def test_contains_quote_finds_only_text_of_the_profile() -> None:
    company = CompanyProfile(LARGE)
    assert company.contains_quote("пишем для iOS и Android, публикуем…")
    assert company.contains_quote("Гарантия и поддержка")
    assert not company.contains_quote("Пишем для Windows")
    assert not company.contains_quote("—")
