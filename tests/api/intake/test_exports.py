"""CSV exports of advertising systems, CRMs and form builders: who is found in each row."""

# ruff: noqa: E501 - a table

import httpx2
import pytest

from tests.api.intake.test_csv_import import send

EXPORTS = {
    "Meta lead ads": (
        "id,created_time,ad_id,ad_name,adset_id,adset_name,campaign_id,campaign_name,form_id,form_name,is_organic,"
        "platform,first_name,phone,inbox_url\n"
        "l:1,2026-11-01T10:00:00+03:00,ag:79990008801,Скидка Иван,as:79990008802,Москва Ольга,c:79990008803,Осень,"
        "f:79990008804,Заявка Пётр,false,fb,Анна,p:+79990009801,https://facebook.com/x\n",
        ("Анна", "+79990009801", None),
    ),
    "Google Ads": (
        "Lead Form ID,Lead Form Name,Campaign Name,Full Name,User Phone,User Email,Submission Time,GCLID\n"
        "79990008811,Бриф Ольги,Поиск,Anna Kim,+7 999 000-98-02,a@b.ru,2026-11-01 10:00:00,Cj0K79990008812\n",
        ("Anna Kim", "+79990009802", None),
    ),
    "amoCRM": (
        "ID;Название сделки;Компания;Основной контакт;Ответственный;Этап сделки;Бюджет;Рабочий телефон (контакт);"
        "Рабочий телефон (компания);Мобильный телефон (контакт);Telegram (контакт)\n"
        "79990008821;Сделка Ивана;ООО Анна;Мария Лис;Пётр Иванов;Новая;79990008822;;'+79990008823;"
        "'+79990009803;@mary_l\n",
        ("Мария Лис", "+79990009803", "mary_l"),
    ),
    "Bitrix24": (
        '"ID";"Название лида";"Имя";"Отчество";"Фамилия";"Ответственный";"Рабочий телефон";"Мобильный телефон";'
        '"Telegram";"Источник";"Название компании"\n'
        '"79990008831";"Лид Ольги";"Глеб";"Ильич";"Ким";"Ольга Лис";"";"8 (999) 000-98-04";"gleb_k";"Telegram";'
        '"ООО Иван"\n',
        ("Глеб Ким", "+79990009804", "gleb_k"),
    ),
    "Tilda": (
        "requestid;Name;Phone;Email;Ваш_Telegram;tranid;formid;created;referer\n"
        "1;Анна;+7 (999) 000-98-05;a@b.ru;t.me/anna_k;1:2;form1;2026-11-01;https://t.me/owner_channel\n",
        ("Анна", "+79990009805", "anna_k"),
    ),
    "Google Forms": (
        "Timestamp,Как вас зовут?,Ваш номер телефона для связи,Кто вам нас посоветовал?,Ник в Telegram\n"
        "01/11/2026 10:00:00,Анна,9990009806,Иван 89990008841,\n",
        ("Анна", "+79990009806", None),
    ),
    "a spreadsheet that made a number of the phone": (
        "Имя,Телефон\nАнна,79990009807.0\n",
        ("Анна", "+79990009807", None),
    ),
}


@pytest.mark.parametrize("export", EXPORTS)
async def test_the_person_in_an_export(lite: httpx2.AsyncClient, export: str) -> None:
    text, expected = EXPORTS[export]
    report = await send(lite, text)
    assert (report["taken"], report["refused"]) == (1, 0), report
    lead = (await lite.get(f"/leads/{report['rows'][0]['lead_id']}")).json()
    assert (lead["name"], lead["phone_e164"], lead["username"]) == expected
    assert lead["contact_evidence"]["phone"]["strength"] == "strong"
