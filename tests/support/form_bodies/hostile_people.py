"""Forms that name other people beside the person, or several people."""

from tests.support.form_bodies.case import by_phone, by_username, form_case, json_case, query_case

OWN = "owner's form"

_EMPLOYEES = (
    form_case(
        "a phone whose owner is an unknown word is weak",
        OWN,
        {"Имя": "Анна", "Телефон прораба": "+79990009648"},
        by_phone("Анна", "+79990009648", "weak"),
    ),
    form_case(
        "the manager's phone before the person's",
        OWN,
        {
            "Менеджер": "Олег Смирнов",
            "Телефон менеджера": "+79990008901",
            "Имя": "Анна",
            "Телефон": "+79990009620",
        },
        by_phone("Анна", "+79990009620"),
    ),
    form_case(
        "the account manager's phone before the person's, in English",
        OWN,
        {
            "Account manager phone": "+79990008902",
            "Account manager name": "Oleg",
            "Your name": "Anna",
            "Your phone": "+79990009621",
        },
        by_phone("Anna", "+79990009621"),
    ),
    json_case(
        "the responsible person in an object of their own",
        OWN,
        {
            "responsible": {"name": "Олег", "phone": "+79990008903", "telegram": "@oleg_manager"},
            "client": {"name": "Анна", "phone": "+79990009622"},
        },
        by_phone("Анна", "+79990009622"),
    ),
    json_case(
        "the object of the responsible person in Russian",
        OWN,
        {
            "Ответственный": {"Имя": "Олег", "Телефон": "+79990008904"},
            "Клиент": {"Имя": "Анна", "Телефон": "+79990009623"},
        },
        by_phone("Анна", "+79990009623"),
    ),
    json_case(
        "only the owner has a phone",
        OWN,
        {
            "owner": {"name": "Oleg", "phone": "+79990008905"},
            "client": {"name": "Anna", "email": "anna@example.com"},
        },
    ),
    form_case("only the manager has a Telegram", OWN, {"Имя": "Анна", "Telegram менеджера": "@oleg_manager"}),
    form_case(
        "the manager's Telegram beside the person's phone",
        OWN,
        {"Имя": "Анна", "Телефон": "+79990009624", "Ваш менеджер в Телеграм": "https://t.me/oleg_manager"},
        by_phone("Анна", "+79990009624"),
    ),
    form_case(
        "bracketed: the agent of a deal",
        OWN,
        {
            "deal[agent][name]": "Oleg",
            "deal[agent][phone]": "+79990008906",
            "deal[buyer][name]": "Anna",
            "deal[buyer][phone]": "+79990009625",
        },
        by_phone("Anna", "+79990009625"),
    ),
    form_case(
        "the name of the manager is no name of the lead",
        OWN,
        {"Имя менеджера": "Олег", "Мобильный": "+79990009626"},
        by_phone("", "+79990009626"),
    ),
    form_case(
        "created by and assigned to",
        OWN,
        {
            "assigned_manager_phone": "+79990008907",
            "owner_phone": "+79990008908",
            "phone": "+79990009627",
            "owner_name": "Oleg",
            "name": "Anna",
        },
        by_phone("Anna", "+79990009627"),
    ),
)

_OTHERS = (
    form_case(
        "who recommended us",
        OWN,
        {
            "Referrer name": "Oleg",
            "Referrer phone": "+79990008909",
            "Name": "Anna",
            "Phone": "+79990009628",
        },
        by_phone("Anna", "+79990009628"),
    ),
    form_case("only the referrer has a contact", OWN, {"Name": "Anna", "referrer_telegram": "@oleg_friend"}),
    form_case(
        "the phone of the company before the mobile one",
        OWN,
        {
            "Компания": "ООО Ромашка",
            "Телефон компании": "8 (843) 231-60-14",
            "Имя": "Анна",
            "Мобильный телефон": "+79990009629",
        },
        by_phone("Анна", "+79990009629"),
    ),
    form_case(
        "only the company has a phone",
        OWN,
        {"Company name": "Kim & Sons", "Company phone": "+79990008910", "Name": "Anna"},
    ),
    form_case(
        "a child's name before the parent's",
        OWN,
        {"Имя ребёнка": "Миша", "Возраст": "7", "Ваше имя": "Ольга", "Телефон": "89990009630"},
        by_phone("Ольга", "+79990009630"),
    ),
    form_case(
        "only the child has a name",
        OWN,
        {"child_name": "Misha", "Child's age": "7", "parent_phone": "+79990009631"},
        by_phone("", "+79990009631"),
    ),
    form_case(
        "a product has a name",
        OWN,
        {"product_name": "Nokia 3310", "Название формы": "Форма Ивана", "phone": "+79990009632"},
        by_phone("", "+79990009632"),
    ),
    form_case(
        "a campaign and an advertisement have names",
        OWN,
        {
            "campaign name": "Anna 2026",
            "ad_name": "Olga",
            "adset_name": "Kazan",
            "full name": "Инна",
            "phone": "+79990009633",
        },
        by_phone("Инна", "+79990009633"),
    ),
    json_case(
        "products are not people",
        OWN,
        {
            "name": "Анна",
            "phone": "+79990009634",
            "items": [
                {"name": "Ваза Мария", "phone": None, "quantity": 1, "price": 79990008911},
                {"name": "Ваза Ольга", "sku": "89990008912", "quantity": 2},
            ],
        },
        by_phone("Анна", "+79990009634"),
    ),
)

_LISTS = (
    json_case(
        "several people, one without a contact",
        OWN,
        {
            "leads": [
                {"name": "Анна", "phone": "+79990009635"},
                {"name": "Олег", "phone": "позвоните мне"},
                {"name": "Инна", "telegram": "@inna_r"},
            ]
        },
        by_phone("Анна", "+79990009635"),
        by_username("Инна", "inna_r"),
    ),
    json_case(
        "a list at the top with items that are no objects",
        OWN,
        [None, "test", {"Имя": "Анна", "Телефон": "8 999 000-96-36"}, {}, {"Имя": "Олег"}],
        by_phone("Анна", "+79990009636"),
    ),
    json_case(
        "a list of names and values is one form",
        OWN,
        [
            {"name": "Имя", "value": "Анна"},
            {"name": "Телефон", "value": "+79990009637"},
            {"name": "Сообщение", "value": "Мужа зовут Олег"},
        ],
        by_phone("Анна", "+79990009637"),
    ),
    json_case(
        "questions and answers in Russian",
        OWN,
        {
            "answers": [
                {"question": "Ваше имя", "answer": "Анна"},
                {"question": "Ваш телеграм", "answer": "anna_k"},
            ]
        },
        by_username("Анна", "anna_k"),
    ),
    json_case(
        "the owner of the account beside a list of fields",
        OWN,
        {
            "username": "studio_anna",
            "account": "79990008913",
            "fields": [{"label": "Name", "value": "Anna"}, {"label": "Phone", "value": "+79990009638"}],
        },
        by_phone("Anna", "+79990009638"),
    ),
    json_case(
        "the owner of the account beside fields without a contact",
        OWN,
        {
            "username": "@studio_anna",
            "fields": [{"label": "Name", "value": "Anna"}, {"label": "Email", "value": "anna@example.com"}],
        },
    ),
    json_case("an empty list", OWN, []),
    json_case("nobody in the list can be reached", OWN, [{"name": "Анна"}, {"name": "Олег", "phone": "нет"}]),
)

_QUERIES = (
    query_case(
        "everything is in the query",
        OWN,
        {"Имя": "Анна Ким", "Телефон": "+7 (999) 000-96-39", "formid": "79990008914"},
        by_phone("Анна Ким", "+79990009639"),
    ),
    query_case(
        "a username in the query", OWN, {"name": "Anna", "tg": "anna_k"}, by_username("Anna", "anna_k")
    ),
    query_case("only a source in the query", OWN, {"utm_source": "telegram", "ref": "t.me/agency_news"}),
    json_case(
        "the person in the body, marks of the campaign in the query",
        OWN,
        {"name": "Anna", "phone": "+79990009640"},
        by_phone("Anna", "+79990009640"),
        query="utm_source=@agency_news&manager_phone=%2B79990008915",
    ),
)

CASES = (*_EMPLOYEES, *_OTHERS, *_LISTS, *_QUERIES)
