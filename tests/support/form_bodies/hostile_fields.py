"""Forms whose fields look like contacts and are none, and contacts that are less certain."""

from tests.support.form_bodies.case import by_phone, by_username, form_case, json_case

OWN = "owner's form"

_NOT_CONTACTS = (
    form_case(
        "the preferred method is an answer",
        OWN,
        {"Name": "Anna", "Preferred contact method": "Email", "Email": "anna@example.com"},
    ),
    form_case(
        "the preferred method in Russian, beside a phone",
        OWN,
        {"Имя": "Анна", "Удобный способ связи": "Telegram", "Телефон": "+79990009650"},
        by_phone("Анна", "+79990009650"),
    ),
    form_case(
        "the time of a call is an answer",
        OWN,
        {"Имя": "Анна", "Удобное время для звонка": "18:00", "Когда связаться": "завтра"},
    ),
    form_case("a nick of Instagram with @", OWN, {"Имя": "Анна", "Ваш ник в Instagram": "@anna_k"}),
    form_case("a login of Skype", OWN, {"Name": "Anna", "Skype login": "anna_kim"}),
    form_case("a username of Discord", OWN, {"name": "Anna", "discord_username": "anna_k"}),
    form_case(
        "a profile of Facebook", OWN, {"Name": "Anna", "Facebook profile": "https://facebook.com/anna.k"}
    ),
    form_case("the field is general, the value is of VK", OWN, {"Имя": "Анна", "Контакт": "вк: @anna_k"}),
    form_case(
        "an Instagram beside a phone",
        OWN,
        {"Имя": "Анна", "Инстаграм": "@anna_k", "Номер телефона": "8 999 000-96-51"},
        by_phone("Анна", "+79990009651"),
    ),
    form_case(
        "an id of Telegram is no phone",
        OWN,
        {"Имя": "Анна", "telegram_id": "7771234567", "user_id": "79990008920"},
    ),
    json_case(
        "a user of a bot: the ids are no phones",
        OWN,
        {"chat_id": 79990008921, "user_id": 7771234567, "first_name": "Анна", "username": "anna_k"},
        by_username("Анна", "anna_k", "weak"),
    ),
    form_case(
        "everything about a phone but the phone",
        OWN,
        {
            "name": "Anna",
            "phone": "",
            "phone_country": "Russia",
            "phone_country_code": "7",
            "phone_type": "mobile",
            "phone_status": "valid",
        },
    ),
    form_case("an INN", OWN, {"Имя": "Анна", "ИНН": "7707083893", "ОГРН": "1027700132195"}),
    form_case(
        "the number of an order",
        OWN,
        {"Имя": "Анна", "Номер заказа": "89990008922", "Order number": "79990008923"},
    ),
    form_case("the number of a contract", OWN, {"Имя": "Анна", "Номер договора": "89990008924"}),
    form_case(
        "dates and sums",
        OWN,
        {
            "Имя": "Анна",
            "Дата рождения": "01.02.1990",
            "Дата заявки": "20260203161651",
            "Сумма": "79990008925",
            "Бюджет": "8 999 000 89 26",
        },
    ),
    form_case(
        "a source and a page that are links to Telegram",
        OWN,
        {
            "Name": "Anna",
            "Phone": "+79990009652",
            "source": "https://t.me/agency_news",
            "page_url": "https://t.me/studio_anna",
            "Сайт": "t.me/studio_anna",
            "referer": "https://t.me/agency_bot",
        },
        by_phone("Anna", "+79990009652"),
    ),
    form_case(
        "only the source is a link to Telegram", OWN, {"Имя": "Анна", "Источник": "https://t.me/agency_news"}
    ),
    form_case(
        "an invitation to a chat is no person",
        OWN,
        {"Имя": "Анна", "Telegram": "https://t.me/joinchat/AAAAAE"},
    ),
    form_case(
        "an answer to the question whether there is a Telegram",
        OWN,
        {"Имя": "Анна", "Есть Telegram?": "true", "Телефон": "+79990009653"},
        by_phone("Анна", "+79990009653"),
    ),
    form_case("a bare word in a phone field", OWN, {"Имя": "Анна", "Телефон": "anna_k"}),
    form_case("a bare word in a general field", OWN, {"Имя": "Анна", "Контакты": "anna_k"}),
    form_case("a number that nobody can dial", OWN, {"Имя": "Анна", "Телефон": "+7 000 000-00-00"}),
)

_USERNAMES = (
    form_case(
        "a bare word in a login",
        OWN,
        {"Имя": "Анна", "Логин": "anna_k"},
        by_username("Анна", "anna_k", "weak"),
    ),
    form_case("@ in a login", OWN, {"Имя": "Анна", "Логин": "@anna_k"}, by_username("Анна", "anna_k")),
    form_case("@ in a nick", OWN, {"name": "Anna", "Ник": "@anna_k"}, by_username("Anna", "anna_k")),
    form_case(
        "@ in a phone field",
        OWN,
        {"Имя": "Анна", "Телефон": "@anna_k"},
        by_username("Анна", "anna_k", "weak"),
    ),
    form_case(
        "@ in a general field, with a note",
        OWN,
        {"Имя": "Анна", "Контакт": "@anna_k (личный)"},
        by_username("Анна", "anna_k", "weak"),
    ),
    form_case(
        "@ in a field for messengers",
        OWN,
        {"Имя": "Анна", "Ваш мессенджер": "@anna_k"},
        by_username("Анна", "anna_k", "weak"),
    ),
    form_case(
        "the value says tg", OWN, {"Имя": "Анна", "Контакт": "tg: anna_k"}, by_username("Анна", "anna_k")
    ),
    form_case(
        "the value says Telegram, in a field for contacts",
        OWN,
        {"Name": "Anna", "Contact": "Telegram @anna_k"},
        by_username("Anna", "anna_k"),
    ),
    form_case(
        "a link in a field for contacts",
        OWN,
        {"Имя": "Анна", "Как с вами связаться": "t.me/anna_k"},
        by_username("Анна", "anna_k"),
    ),
    form_case(
        "a link in a field of any kind",
        OWN,
        {"Имя": "Анна", "Вопрос 3": "https://t.me/anna_k"},
        by_username("Анна", "anna_k", "weak"),
    ),
    form_case(
        "the type of the messenger is in another field",
        OWN,
        {"Имя": "Анна", "messenger-type": "telegram", "messenger-id": "anna_k"},
        by_username("Анна", "anna_k"),
    ),
    form_case("the messenger is VK", OWN, {"Имя": "Анна", "messenger-type": "vk", "messenger-id": "anna_k"}),
)

_PHONES = (
    form_case(
        "the messenger is WhatsApp",
        OWN,
        {"Имя": "Анна", "messenger-type": "whatsapp", "messenger-id": "+79990009654"},
        by_phone("Анна", "+79990009654"),
    ),
    form_case(
        "a field for Viber", OWN, {"Имя": "Анна", "Viber": "89990009655"}, by_phone("Анна", "+79990009655")
    ),
    form_case(
        "a phone in a field for contacts",
        OWN,
        {"Имя": "Анна", "Контакт для связи": "+7 999 000-96-56"},
        by_phone("Анна", "+79990009656"),
    ),
    form_case(
        "a whole value that is written as a phone",
        OWN,
        {"Имя": "Анна", "Вопрос 2": "+7 (999) 000-96-57"},
        by_phone("Анна", "+79990009657", "weak"),
    ),
    form_case("bare digits in a field of any kind", OWN, {"Имя": "Анна", "Вопрос 2": "79990008927"}),
    form_case(
        "bare digits in Номер",
        OWN,
        {"Имя": "Анна", "Номер": "89990009658"},
        by_phone("Анна", "+79990009658", "weak"),
    ),
    json_case(
        "bare digits in number",
        OWN,
        {"name": "Anna", "number": 79990008993},
    ),
    form_case(
        "the exact name beats the phone at work before it",
        OWN,
        {"Рабочий телефон": "8 (843) 231-60-14", "Имя": "Анна", "Телефон": "+79990009660"},
        by_phone("Анна", "+79990009660"),
    ),
    form_case(
        "the country beside the phone",
        OWN,
        {"name": "Lena", "country_code": "DE", "phone": "0151 23456789"},
        by_phone("Lena", "+4915123456789"),
    ),
    form_case(
        "the code of the country in a field of its own",
        OWN,
        {"Имя": "Лена", "Код страны": "+49", "Телефон": "15123456789"},
        by_phone("Лена", "+4915123456789"),
    ),
    # https://help.tilda.cc: the mask of a phone with a choice of the country
    form_case(
        "the country in the parts of Tilda's mask",
        "Tilda",
        {
            "Name": "Lena",
            "Phone": "(151) 234-56789",
            "tildaspec-phone-part[]": "(151) 234-56789",
            "tildaspec-phone-part[]-iso": "de",
        },
        by_phone("Lena", "+4915123456789"),
    ),
)

CASES = (*_NOT_CONTACTS, *_USERNAMES, *_PHONES)
