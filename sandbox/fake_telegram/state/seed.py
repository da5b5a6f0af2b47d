"""The people of the demo; each shows a different case to the worker."""

from sandbox.fake_telegram.state.directory import FIRST_PERSON_ID
from sandbox.fake_telegram.state.people import Account, AccountFields, PersonFields, Privacy
from sandbox.fake_telegram.state.world import World

DEFAULT_ACCOUNT = AccountFields(name="Ассистент GordovCode", phone="+79990000001", username="gordovcode_ai")

PEOPLE = [
    PersonFields(
        name="Анна",
        last_name="Смирнова",
        username="anna_smirnova",
        phone="+79161234501",
        replies=["Здравствуйте! А сколько стоит сайт для кофейни?", "Да, давайте созвонимся"],
        delay=2,
    ),
    PersonFields(
        name="Дмитрий",
        last_name="Кузнецов",
        username="dkuznetsov",
        phone="+79161234502",
        replies=["Спасибо, уже не актуально"],
        delay=2,
    ),
    PersonFields(
        name="Мария",
        last_name="Иванова",
        phone="+79161234503",
        replies=[["Добрый день", "Да, удобно созвониться завтра"]],
        delay=3,
    ),
    PersonFields(
        name="John",
        last_name="Miller",
        username="john_miller",
        phone="+447911123404",
        replies=["Hi! Do you work with clients outside Russia?", "Great, let's have a call"],
        delay=2,
    ),
    PersonFields(
        name="Сергей",
        last_name="Орлов",
        phone="+79161234505",
        privacy=Privacy(phone_hidden=True),
    ),
    PersonFields(
        name="Елена",
        last_name="Волкова",
        username="elena_volkova",
        phone="+79161234506",
        privacy=Privacy(premium_only=True),
    ),
    PersonFields(
        name="Павел",
        username="pavel_closed",
        phone="+79161234507",
        privacy=Privacy(strangers_blocked=True),
    ),
    PersonFields(name="Помощник", username="some_helper_bot", kind="bot"),
    PersonFields(name="Новости дизайна", username="design_news", kind="channel"),
    # The person of the examples in the documentation.
    PersonFields(
        name="Анна",
        last_name="Каренина",
        username="anna_k",
        phone="+79991234567",
        replies=["Здравствуйте! А сколько это стоит?", "Да, давайте созвонимся"],
        delay=2,
    ),
]


def add_demo_people(world: World) -> Account:
    """Add the demo people, with fixed ids, and the default account; return the account."""
    for number, fields in enumerate(PEOPLE):
        world.people.add(fields, FIRST_PERSON_ID + number)
    return world.add_account(DEFAULT_ACCOUNT)
