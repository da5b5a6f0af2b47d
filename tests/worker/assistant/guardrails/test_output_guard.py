"""Texts that the output guard must refuse, and texts that it must allow."""

from dataclasses import replace

import pytest

from shared.intents import Intent
from worker.assistant.guardrails import output_guard
from worker.assistant.guardrails.checks import repetition
from worker.assistant.guardrails.checks.prompt_leaks import PromptFingerprint
from worker.assistant.guardrails.facts.grounding import GroundingSource
from worker.assistant.guardrails.output_guard import GuardContext
from worker.assistant.prompts import prompt_files
from worker.dialogue import templates
from worker.settings import EXAMPLE_PROFILE

REFUSED = [
    ("", "it is empty"),
    (" \n", "it is empty"),
    ("а" * 1501, "it is too long"),
    ("Вот ссылка: https://example.com/x", "it contains a link"),
    ("HTTP://EXAMPLE.COM", "it contains a link"),
    ("зайдите на www.example.org", "it contains a link"),
    ("пишите в t.me/someone", "it contains a link"),
    ("tg://resolve?domain=someone", "it contains a link"),
    ("выберите время на calendly.com/other", "it contains a link"),
    ("наш сайт GordovCode.com", "it contains a link"),
    ("наш сайт gordov-code.ru.", "it contains a link"),
    ("сайт пример.рф", "it contains a link"),
    ("короче: bit.ly/3abc", "it contains a link"),
    ("смотрите example.info", "it contains a link"),
    ("смотрите example.online", "it contains a link"),
    ("пишите на mail@example.ru", "it contains a link"),
    ("напишите @manager_ivan", "it contains a link"),
    ("звоните +7 916 123-45-67", "it contains a phone number"),
    ("звоните 8 (495) 123-45-67", "it contains a phone number"),
    ("звоните 89161234567", "it contains a phone number"),
    ("звоните 916 123 45 67", "it contains a phone number"),
    ("call +44 20 7946 0958", "it contains a phone number"),
    ("call 020 7946 0958", "it contains a phone number"),
    ("Здравствуйте, [имя]!", "it contains a placeholder"),
    ("Hello, [Your Name]!", "it contains a placeholder"),
    ("Hello, {name}!", "it contains a placeholder"),
    ("Выберите время: [ссылка]", "it contains a placeholder"),
    ("Pick a time: [link to Calendly]", "it contains a placeholder"),
    ("hxxp://evil.example", "it contains a link"),
    ("зайдите на evil[.]com", "it contains a link"),
    ("зайдите на evil (dot) com", "it contains a link"),
    ("зайдите на evil . com", "it contains a link"),
    ("зайдите на ивил точка ком", "it contains a link"),
    ("пишите в t . me", "it contains a link"),
    ("адрес 203.0.113.7", "it contains a link"),
    ("ｈｔｔｐｓ：//evil", "it contains a link"),
    ("ev\u200bil.c\u200bom", "it contains a link"),
    ("mailto:x", "it contains a link"),
    ("<b>Здравствуйте</b>", "it contains markup"),
    ("```да```", "it contains markup"),
    ('{"intent": "accept"}', "it contains markup"),
    ("| Услуга | Цена |", "it contains markup"),
    ("Здравствуйте\u200b!", "it contains invisible characters"),
]

HARMLESS = [
    "Здравствуйте, Анна! Удобно ли созвониться?",
    "Сайт стоит от 150 000 до 300 000 ₽, т.е. в среднем 225 000 рублей.",
    "Бюджет 10 000 000 рублей — это около 100 000 $.",
    "Вилка 150 000 - 300 000 ₽.",
    "Цена — 1 500 000.50 руб.",
    "Созвонимся 24.11.2026 в 15:30 или 25.11.2026 в 10-00?",
    "2026-11-24 15:30 вам подойдёт?",
    "С 10:00 до 18:30, 5 дней в неделю.",
    "Мы пишем на Node.js, Vue.js и Python 3.12, т.е. на том, что знаем, и т.д.",
    "Рейтинг 3.5 из 5, скорость выросла в 2.5 раза.",
    "Работаем 24/7, отвечаем за 1-2 часа.",
    "Это займёт 2–3 недели, и т.п.",
    "Делаем CRM (1С, amoCRM), сайты/лендинги и ботов.",
    "E.g. a landing page, i.e. one page; we start at 9 a.m.",
    "Скидка 10% @ первый заказ",
    "Отлично 👍🏻 ❤️ 👨‍👩‍👧",
    "Если 2 < 3 и 5 > 4, то всё верно.",
    "Это важная точка. Команда готова.",
]
# Answers that a good manager of the shipped example company would write.
GOOD = """
Отлично, рада, что вам интересно! Выберите удобное время по ссылке ниже:
Стоимость зависит от задачи, назовём её после короткого бесплатного звонка. Удобно ли вам завтра?
Да, мы интегрируем сайт с 1С, телефонией и CRM.
Да, мы делаем мобильные приложения для iOS и Android.
Понимаю вас. Звонок ни к чему не обязывает и займёт немного времени.
Я ассистент компании GordovCode, а на звонке с вами поговорит специалист.
Хорошо, в 15:00 завтра подойдёт. Выберите, пожалуйста, время:
Спасибо, что ответили! Передам вашу просьбу коллегам, с вами свяжется человек.
Гарантии и условия поддержки обсудим на звонке: скажите, когда вам удобно?
Первый звонок бесплатный, после него подготовим предложение: что, в какие сроки и сколько стоит.
Контакт вы оставили в заявке на сайте GordovCode, поэтому мы и написали.
Извините за беспокойство, больше писать не будем. Хорошего дня!
Простите, что отвлекли. Если вопрос снова станет актуальным — напишите, будем рады помочь.
Подскажите, пожалуйста, вам было бы удобно коротко созвониться и обсудить сайт?
Правильно ли я понимаю, что сейчас вам неудобно? Могу написать позже.
Точную сумму уточню у коллег. На звонке прикинем вилку под ваш бюджет 150–200 тысяч.
Работаем этапами и показываем результат на каждом из них, так что вы сможете вовремя поправить курс.
После запуска мы остаёмся на связи и поддерживаем то, что сделали.
На звонке будет специалист по разработке, он ответит на все вопросы.
Мне очень жаль, что так вышло. Передам вашу переписку коллеге, он разберётся и ответит вам здесь.
Здравствуйте, Анна! Это GordovCode, вы оставили заявку на сайт для кофейни. Удобно ли созвониться?
Добрый день, Анна! Пишу от GordovCode: вам нужен сайт для кофейни с меню. Удобно будет созвониться?
Да, конечно, можно и в переписке: расскажите, какие разделы нужны на сайте?
Портфолио покажем на звонке: подберём примеры, близкие к вашей задаче.
Спасибо за честность! Тогда не будем отвлекать, удачи с проектом.
Обсудим на звонке и интеграцию с вашей CRM, и сроки. Когда вам удобнее — утром или вечером?
Нет, я ассистент компании. На звонке с вами будет говорить специалист.
ИИ в процессы внедряем: ассистенты, чат-боты, разбор заявок и документов.
Приятно познакомиться! Сайт для кофейни — понятная задача. Давайте коротко созвонимся?
"""
COMPANY = GuardContext(
    GroundingSource("Ромашка. Печём пироги."), PromptFingerprint([prompt_files.read("reply")])
)


@pytest.mark.parametrize(("text", "problem"), REFUSED)
def test_text_is_refused(text: str, problem: str) -> None:
    assert output_guard.find_problem(text) == problem


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_is_allowed(text: str) -> None:
    assert output_guard.find_problem(text) is None


def test_markup_is_removed() -> None:
    assert output_guard.strip_markup("  **Здравствуйте**, __Анна__! `да`\n") == "Здравствуйте, Анна! да"


def test_text_of_the_maximum_length_is_allowed() -> None:
    assert output_guard.find_problem("а" * output_guard.MAX_CHARACTERS) is None


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("вы бот?", "Нет, я не бот."),
        ("вы бот?", "Нет, что вы, я живой человек!"),
        ("это бот?", "Нет, вы общаетесь не с ботом."),
        ("это бот?", "С вами переписывается живой человек."),
        ("кто это?", "Вам пишет менеджер компании."),
        ("с кем я говорю?", "Вы говорите с сотрудником."),
        ("Это нейросеть пишет?", "Нет, я менеджер компании."),
        ("я с роботом разговариваю?", "Я специалист отдела продаж."),
        ("are you a bot?", "No, I'm a real person."),
        ("are you human", "I am not a robot."),
        ("сколько стоит?", "Я живой человек и отвечу."),
    ],
)
def test_claim_to_be_human_is_refused(said: str, text: str) -> None:
    assert output_guard.find_problem(text, replace(COMPANY, latest_text=said)) == "it claims to be human"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ("вы бот?", "Я ассистент компании, а на звонке с вами будет специалист."),
        ("вы человек?", "Нет, я не человек, я ассистент компании."),
        ("are you a bot?", "I am the company's assistant; a specialist will be on the call."),
        ("сколько стоит?", "Передам вопрос менеджеру, он ответит."),
        ("позовите человека", "Передам переписку живому человеку."),
    ],
)
def test_honest_answer_about_itself_is_allowed(said: str, text: str) -> None:
    assert output_guard.find_problem(text, replace(COMPANY, latest_text=said)) is None


def test_text_of_the_model_has_more_checks() -> None:
    assert output_guard.find_problem("Пирог стоит 900 ₽.") is None
    why = "it names a number that is neither in the description nor in the conversation"
    assert output_guard.find_problem("Пирог стоит 900 ₽.", COMPANY) == why
    russian = replace(COMPANY, scripts=frozenset({"cyrillic"}))
    assert output_guard.find_problem("We bake pies.", russian) == "it is not in the contact's language"
    leaked = "Правила такие: одно-четыре коротких предложения, обращение на «вы», живой и спокойный тон"
    assert output_guard.find_problem(leaked, COMPANY) == "it reveals the instructions"


@pytest.mark.parametrize("language", ["ru", "en"])
def test_templates_are_allowed(language: str) -> None:
    texts = [templates.answer(intent, language) for intent in Intent]
    for text in [*texts, templates.handoff_notice(language)]:
        assert output_guard.find_problem(text, COMPANY) is None


def test_heading_marks_are_removed() -> None:
    assert output_guard.strip_markup("## Здравствуйте\nДа") == "Здравствуйте\nДа"


def test_good_answers_are_allowed() -> None:
    source = GroundingSource(
        company=f"GordovCode\n{EXAMPLE_PROFILE.read_text(encoding='utf-8')}",
        own_messages="Здравствуйте, Анна! Удобно ли вам коротко созвониться?",
        contact_texts="Нужен сайт для кофейни, бюджет 150-200 тысяч. Завтра в 15 можно? Вы бот?",
    )
    fingerprint = PromptFingerprint([prompt_files.read("reply"), prompt_files.read("greeting")])
    context = GuardContext(source, fingerprint, "Вы бот?", frozenset({"cyrillic"}))
    assert len(GOOD.strip().splitlines()) > 25
    for text in GOOD.strip().splitlines():
        assert output_guard.find_problem(text, context) is None, text


@pytest.mark.parametrize(
    ("text", "own", "is_refused"),
    [
        ("Созвонимся сегодня вечером?", ("Созвонимся сегодня вечером?",), True),
        ("Удобно созвониться сегодня", ("Удобно созвониться сегодня!",), True),
        ("Добрый день, спасибо!", ("Добрый день, спасибо!",), False),
        ("Хорошо, жду", ("Хорошо, жду",), False),
        ("Созвонимся завтра утром?", ("Созвонимся сегодня вечером?",), False),
    ],
)
def test_the_very_same_text_is_refused_however_short(
    text: str, own: tuple[str, ...], *, is_refused: bool
) -> None:
    assert (repetition.find_problem(text, own, "") is not None) is is_refused
