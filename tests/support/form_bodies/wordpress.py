"""Form plugins of WordPress."""

from typing import Any

from tests.support.form_bodies.case import by_phone, by_username, form_case, json_case

# https://contactform7.com/text-fields/ and https://wordpress.org/plugins/cf7-to-zapier/
CF7 = "Contact Form 7"
_CF7_HIDDEN = {
    "_wpcf7": "11",
    "_wpcf7_version": "5.9.8",
    "_wpcf7_locale": "ru_RU",
    "_wpcf7_unit_tag": "wpcf7-f11-p79990008810-o1",
    "_wpcf7_container_post": "15",
}
_CF7_CASES = (
    form_case(
        "the fields of the template",
        CF7,
        {
            **_CF7_HIDDEN,
            "your-name": "Анна Ким",
            "your-email": "anna@example.com",
            "your-tel": "8 (999) 000-94-60",
            "your-subject": "Вопрос к Марии",
            "your-message": "Перезвоните Марии, 8 999 000-88-11",
        },
        by_phone("Анна Ким", "+79990009460"),
    ),
    json_case(
        "fields with generated names",
        CF7,
        {"text-101": "ул. Ленина, 5", "your-name": "Олег", "tel-204": "+79990009461", "date-7": "2026-03-01"},
        by_phone("Олег", "+79990009461"),
    ),
    json_case(
        "first and last name, the company is nobody",
        CF7,
        {
            "your-company": "Kim & Sons",
            "your-firstname": "Anna",
            "your-lastname": "Kim",
            "your-phone": "+79990009462",
            "opt-in": ["I agree"],
        },
        by_phone("Anna Kim", "+79990009462"),
    ),
    form_case(
        "a phone in the message is not the person's",
        CF7,
        {**_CF7_HIDDEN, "your-name": "Анна", "your-message": "Мужа зовут Пётр, его номер 8 999 000-88-12"},
    ),
    form_case(
        "a username in a select of messengers and a field",
        CF7,
        {"your-name": "Зоя", "menu-messenger": "Telegram", "your-telegram": "zoya_b"},
        by_username("Зоя", "zoya_b"),
    ),
)

# The plugin's hidden fields (phone-cf7it-*), as pages and receivers in public code have them
CF7_INTL = "Contact Form 7 International Telephone Input"


def _intl(name: str, full: str, national: str, country: tuple[str, str, str]) -> dict[str, str]:
    return {
        "your-name": name,
        "phone-cf7it-national": national,
        "phone": full,
        "phone-cf7it-country-name": country[0],
        "phone-cf7it-country-code": country[1],
        "phone-cf7it-country-iso2": country[2],
    }


_CF7_INTL_CASES = (
    form_case(
        "the full number and its parts",
        CF7_INTL,
        _intl("Анна", "+79990009463", "999 000-94-63", ("Russia (Россия)", "7", "ru")),
        by_phone("Анна", "+79990009463"),
    ),
    form_case(
        "only the national number: the country is beside it",
        CF7_INTL,
        _intl("Lena Roth", "", "0151 23456789", ("Germany (Deutschland)", "49", "de")),
        by_phone("Lena Roth", "+4915123456789"),
    ),
    form_case(
        "a country without a number",
        CF7_INTL,
        _intl("Анна", "", "", ("Russia (Россия)", "7", "ru")),
    ),
)

# https://elementor.com/help: the webhook action; bodies recorded in public code
ELEMENTOR = "Elementor Pro"


def _elementor(*fields: tuple[str, str, str, str]) -> dict[str, str]:
    """Return the advanced data; a field is its id, type, title and value."""
    data = {"form[id]": "1606c7c4", "form[name]": "Форма Ольги"}
    for field_id, kind, title, value in fields:
        described = {"id": field_id, "type": kind, "title": title, "value": value, "raw_value": value}
        data |= {f"fields[{field_id}][{key}]": part for key, part in described.items()}
        data[f"fields[{field_id}][required]"] = "1"
    meta = {
        "date": ("Date", "16/09/2026"),
        "time": ("Time", "18:30"),
        "page_url": ("Page URL", "https://a.example"),
    }
    for key, (title, value) in meta.items():
        data |= {f"meta[{key}][title]": title, f"meta[{key}][value]": value}
    return data


_ELEMENTOR_CASES = (
    form_case(
        "advanced data: the form has a name, too",
        ELEMENTOR,
        _elementor(
            ("name", "text", "Имя", "Анна Ким"),
            ("email", "email", "Email", "anna@example.com"),
            ("field_6f8642e", "tel", "Куда перезвонить", "8 (999) 000-94-64"),
        ),
        by_phone("Анна Ким", "+79990009464"),
    ),
    form_case(
        "advanced data without titles",
        ELEMENTOR,
        _elementor(("name", "text", "", "Тест Иван"), ("tel", "tel", "", "9990009465")),
        by_phone("Тест Иван", "+79990009465"),
    ),
    form_case(
        "advanced data: a child's name and a hidden source",
        ELEMENTOR,
        _elementor(
            ("field_2", "text", "Имя ребёнка", "Миша"),
            ("field_1", "text", "Имя родителя", "Ольга"),
            ("phone", "tel", "WhatsApp", "+79990009466"),
            ("utm_source", "hidden", "utm_source", "https://t.me/agency_news"),
        ),
        by_phone("Ольга", "+79990009466"),
    ),
    form_case(
        "simple data: labels, then the form and the page",
        ELEMENTOR,
        {
            "Имя": "Глеб",
            "Телефон": "+7 999 000-94-67",
            "Date": "3 февраля, 2026",
            "Time": "16:16",
            "Page URL": "https://example.com/",
            "User Agent": "Mozilla/5.0",
            "Remote IP": "203.0.113.42",
            "form_id": "1606c7c4",
            "form_name": "Форма Ольги",
        },
        by_phone("Глеб", "+79990009467"),
    ),
    form_case(
        "simple data of fields without labels",
        ELEMENTOR,
        {"No Label name": "Ира", "No Label field_4c63868": "+7 (999) 000-94-68", "form_name": "New Form"},
        by_phone("Ира", "+79990009468", "weak"),
    ),
)

# https://docs.gravityforms.com/entry-object/: all fields of an entry, without labels
GRAVITY = "Gravity Forms"


def _gravity() -> dict[str, Any]:
    return {
        "id": "79990008813",
        "form_id": "6",
        "post_id": None,
        "date_created": "2026-02-03 16:16:51",
        "is_starred": "0",
        "ip": "203.0.113.42",
        "source_url": "https://example.com/contact/",
        "currency": "USD",
        "payment_status": None,
        "transaction_id": None,
        "created_by": "1",
        "status": "active",
    }


_GRAVITY_CASES = (
    json_case(
        "an entry has numbers for labels",
        GRAVITY,
        {**_gravity(), "1.3": "Anna", "1.6": "Kim", "4": "+7 (999) 000-94-69"},
        by_phone("", "+79990009469", "weak"),
    ),
    json_case(
        "bare digits under a number may be anything",
        GRAVITY,
        {**_gravity(), "1.3": "Anna", "4": "79990008814"},
    ),
    json_case(
        "fields chosen by the owner",
        GRAVITY,
        {"first_name": "Anna", "last_name": "Kim", "phone": "+1 650-253-0000", "entry_id": "79990008815"},
        by_phone("Anna Kim", "+16502530000"),
    ),
)

# https://fluentforms.com/docs: webhooks; __submission.user_inputs as public receivers read it
FLUENT = "Fluent Forms"
_FLUENT_CASES = (
    json_case(
        "the answers, and again in __submission",
        FLUENT,
        {
            "names": {"first_name": "Анна", "last_name": "Ким"},
            "email": "anna@example.com",
            "phone": "+79990009470",
            "__submission": {
                "id": "1042",
                "form_id": "3",
                "serial_number": "17",
                "source_url": "https://example.com/",
                "user_id": "1",
                "browser": "Chrome",
                "device": "iPhone",
                "ip": "203.0.113.42",
                "user_inputs": {"names": "Анна Ким", "email": "anna@example.com", "phone": "+79990009470"},
            },
        },
        by_phone("Анна Ким", "+79990009470"),
    ),
)

# https://wpmudev.com/docs/wpmu-dev-plugins/forminator/, the names as public receivers read them
FORMINATOR = "Forminator"
_FORMINATOR_CASES = (
    json_case(
        "numbered fields",
        FORMINATOR,
        {
            "form_title": "Заявка Ивану",
            "entry_time": "2026-02-03 16:16:51",
            "name-1": "Анна Ким",
            "email-1": "anna@example.com",
            "phone-1": "89990009471",
            "text-1": "Коммерция",
        },
        by_phone("Анна Ким", "+79990009471"),
    ),
)

CASES = (
    *_CF7_CASES,
    *_CF7_INTL_CASES,
    *_ELEMENTOR_CASES,
    *_GRAVITY_CASES,
    *_FLUENT_CASES,
    *_FORMINATOR_CASES,
)
