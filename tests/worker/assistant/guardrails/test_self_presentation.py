"""The assistant has no name of its own, and is no employee."""

import pytest

from worker.assistant.guardrails.checks.self_presentation import find_problem

A_NAME, HUMAN = "it gives itself a name", "it claims to be human"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Меня зовут Алексей, я из Ромашки.", A_NAME),
        ("My name is Alex.", A_NAME),
        ("Я — Марина, пишу по вашей заявке.", A_NAME),
        ("Я наш сотрудник.", HUMAN),
        ("I'm a sales manager here.", HUMAN),
        ("Я ассистент компании Ромашка.", None),
        ("Я передам менеджеру, специалист ответит.", None),
        ("I am the company's assistant.", None),
        ("Меня зовут Роза.", None),
        # The name that the description gives it, also in other words than an introduction.
        ("На связи я Анна, ассистент.", None),
        ("Это я Катя из отдела продаж.", A_NAME),
        ("Я сам собираю такие столы.", HUMAN),
        ("Я делаю кухни уже двадцать лет.", HUMAN),
        ("Я программа, а компании уже 8 лет.", None),
    ],
)
def test_who_the_assistant_says_it_is(text: str, why: str | None) -> None:
    assert find_problem(text, "Ромашка. Тебя зовут Роза или Анна: так и представляйся.") == why
