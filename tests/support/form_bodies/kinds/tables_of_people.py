"""Tables of people: rows, cells and pairs."""

# ruff: noqa: E501 - a table

from tests.support.form_bodies.case import by_phone, json_case

# fmt: off
CASES = (
    json_case('headers and rows', 'tables', {'headers': ['Имя', 'Телефон'], 'rows': [['Анна', '+79990009701'], ['Иван', '+79990008997']]}, by_phone('Анна', '+79990009701'), by_phone('Иван', '+79990008997')),
    json_case('columns and cells', 'tables', {'columns': [{'id': 1, 'title': 'Name'}, {'id': 2, 'title': 'Phone'}], 'rows': [{'cells': [{'columnId': 1, 'value': 'Anna'}, {'columnId': 2, 'value': '+15125550123'}]}]}, by_phone('Anna', '+15125550123')),
    json_case('rows of lists', 'tables', [['Имя', 'Телефон'], ['Анна', '+79990009701'], ['Иван', '+79990008997']], by_phone('Анна', '+79990009701'), by_phone('Иван', '+79990008997')),
    json_case('records', 'Airtable', {'records': [{'id': 'rec1', 'createdTime': '2026', 'fields': {'Name': 'Anna', 'Phone': '+15125550123'}}, {'id': 'rec2', 'fields': {'Name': 'Ivan', 'Phone': '+15125550124'}}]}, by_phone('Anna', '+15125550123'), by_phone('Ivan', '+15125550124')),
    json_case('list of pairs', 'Trello-like', {'fields': [['name', 'Анна'], ['phone', '+79990009701'], ['utm_source', 'ya']]}, by_phone('Анна', '+79990009701')),
    json_case('row objects with values', 'tables', {'range': 'A1:B2', 'values': [['ФИО', 'Мобильный телефон'], ['Анна К', '+79990009701']]}, by_phone('Анна К', '+79990009701')),
    json_case('cells beside headers', 'tables', {'headers': ['Имя', 'Телефон', 'Телефон менеджера'], 'rows': [{'cells': ['Анна', '+79990009701', '+79990008997']}]}, by_phone('Анна', '+79990009701')),
    json_case('objects in rows', 'table', {'table': {'rows': [{'Имя': 'Анна', 'Телефон': '+79990009701'}, {'Имя': 'Иван', 'Телефон': '+79990008997'}]}}, by_phone('Анна', '+79990009701'), by_phone('Иван', '+79990008997')),
    json_case('cells by title', 'table', {'rows': [{'cells': [{'title': 'Имя', 'value': 'Анна'}, {'title': 'Телефон', 'value': '+79990009701'}]}, {'cells': [{'title': 'Имя', 'value': 'Иван'}, {'title': 'Телефон', 'value': '+79990008997'}]}]}, by_phone('Анна', '+79990009701'), by_phone('Иван', '+79990008997')),
    json_case('columnar', 'table', {'Имя': ['Анна', 'Иван'], 'Телефон': ['+79990009701', '+79990008997']}, by_phone('Анна', '+79990009701'), by_phone('Иван', '+79990008997')),
    json_case('dict of columns by index', 'table', {'Имя': {'0': 'Анна', '1': 'Иван'}, 'Телефон': {'0': '+79990009701', '1': '+79990008997'}}, by_phone('Анна', '+79990009701'), by_phone('Иван', '+79990008997')),
)
# fmt: on
