"""Form builders and automation services, in further shapes of theirs."""

# ruff: noqa: E501 - a table

from tests.support.form_bodies.case import by_phone, by_username, form_case, json_case, multipart_case

# fmt: off
CASES = (
    multipart_case('rawRequest', 'Jotform', {'formID': '2301', 'submissionID': '5551', 'rawRequest': '{"q3_name": {"first": "Anna", "last": "K"}, "q4_phoneNumber": {"full": "+1 (512) 555-0123"}, "q5_pickTime": "10:00"}', 'pretty': 'Name:Anna K, Phone Number:+1 (512) 555-0123'}, by_phone('Anna K', '+15125550123')),
    json_case('namedValues', 'Google Forms', {'namedValues': {'Отметка времени': ['01.02.2026 10:00:00'], 'Как к вам обращаться': ['Анна'], 'Контактный номер': ['8 999 000 97 01']}}, by_phone('Анна', '+79990009701')),
    json_case('form_data', 'Flexbe', {'site': {'domain': 'a.ru'}, 'data': {'form_name': 'Заявка', 'form_data': {'fld_1': {'type': 'name', 'name': 'Имя', 'value': 'Анна'}, 'fld_2': {'type': 'phone', 'name': 'Телефон', 'value': '+79990009701'}}}}, by_phone('Анна', '+79990009701')),
    json_case('answers with labels', 'Yandex Forms', {'answer': {'id': 1, 'data': {'answer_short_text_1': {'value': 'Анна', 'question': {'label': {'ru': 'Имя'}, 'slug': 'answer_short_text_1'}}, 'answer_phone_2': {'value': '+79990009701', 'question': {'label': {'ru': 'Телефон'}, 'slug': 'answer_phone_2'}}}}}, by_phone('Анна', '+79990009701')),
    form_case('fields', 'Elementor', {'form[id]': 'x', 'form[name]': 'New Form', 'fields[name][id]': 'name', 'fields[name][type]': 'text', 'fields[name][title]': 'Имя', 'fields[name][value]': 'Анна', 'fields[field_1][id]': 'field_1', 'fields[field_1][type]': 'tel', 'fields[field_1][title]': '', 'fields[field_1][value]': '+79990009701', 'meta[remote_ip][value]': '10.0.0.1'}, by_phone('Анна', '+79990009701')),
    json_case('numbered without labels', 'Gravity Forms', {'id': '5', 'form_id': '1', 'ip': '10.0.0.1', 'source_url': 'https://a.ru', '1.3': 'Anna', '1.6': 'K', '2': '+15125550123'}, by_phone('', '+15125550123', 'weak')),
    json_case('submissions and contact', 'Wix', {'data': {'formName': 'Contact', 'submissions': [{'label': 'Имя', 'value': 'Анна'}, {'label': 'Телефон', 'value': '+79990009701'}], 'contact': {'name': {'first': 'Анна', 'last': 'К'}, 'phones': [{'tag': 'UNTAGGED', 'phone': '+79990009701'}]}}}, by_phone('Анна К', '+79990009701')),
    form_case('data.json', 'Unbounce', {'page_id': 'p', 'page_name': 'Landing', 'data.json': '{"name": ["Anna"], "phone_number": ["+15125550123"], "ip_address": ["10.0.0.1"]}'}, by_phone('Anna', '+15125550123')),
    json_case('data list', 'Paperform', {'form_id': 'f', 'data': [{'title': 'Имя', 'type': 'text', 'key': 'a1', 'value': 'Анна'}, {'title': 'Номер', 'type': 'phone', 'key': 'b2', 'value': '+79990009701'}]}, by_phone('Анна', '+79990009701')),
    json_case('value and field_type', 'Formstack', {'FormID': '1', 'UniqueID': '2', 'Name': {'value': {'first': 'Anna', 'last': 'K'}, 'field_type': 'name'}, 'Phone': {'value': '+15125550123', 'field_type': 'phone'}}, by_phone('Anna K', '+15125550123')),
    json_case("entry's user", 'Cognito Forms', {'Form': {'Name': 'Lead'}, 'Entry': {'Number': 3, 'User': {'Name': 'Boris', 'Phone': '+15125550124'}}, 'Name': {'First': 'Anna', 'Last': 'K', 'FirstAndLast': 'Anna K'}, 'Phone': '+15125550123'}, by_phone('Anna K', '+15125550123')),
    json_case('responsible', 'Albato', {'responsible_name': 'Борис', 'responsible_phone': '+79990008997', 'name': 'Анна', 'phone': '+79990009701'}, by_phone('Анна', '+79990009701')),
    json_case('headers and body', 'n8n', [{'headers': {'host': 'x'}, 'params': {}, 'query': {}, 'body': {'name': 'Анна', 'phone': '+79990009701'}, 'webhookUrl': 'https://n8n.a.ru/webhook/79990008899'}], by_phone('Анна', '+79990009701')),
    json_case('message', 'AWS SNS', {'Type': 'Notification', 'MessageId': '1', 'TopicArn': 'arn:aws:sns:eu:79990008899:x', 'Message': '{"name": "Anna", "phone": "+15125550123"}'}, by_phone('Anna', '+15125550123')),
    json_case('data', 'CloudEvents', {'specversion': '1.0', 'type': 'lead.created', 'source': '/site', 'id': '79990008899', 'data': {'fullName': 'Anna K', 'mobilePhone': '+15125550123'}}, by_phone('Anna K', '+15125550123')),
    json_case('included owner', 'JSON:API', {'included': [{'type': 'users', 'id': '1', 'attributes': {'name': 'Boris', 'phone': '+15125550124'}}], 'data': {'type': 'leads', 'attributes': {'full-name': 'Anna K', 'phone-number': '+15125550123'}, 'relationships': {'owner': {'data': {'type': 'users', 'id': '1'}}}}}, by_phone('Anna K', '+15125550123')),
    json_case('mutation', 'GraphQL', {'data': {'createLead': {'lead': {'fullName': 'Anna K', 'phone': '+15125550123'}}}}, by_phone('Anna K', '+15125550123')),
    json_case('properties', 'Notion', {'object': 'page', 'properties': {'Name': {'id': 'title', 'type': 'title', 'title': [{'type': 'text', 'text': {'content': 'Anna'}, 'plain_text': 'Anna'}]}, 'Phone': {'id': 'x', 'type': 'phone_number', 'phone_number': '+15125550123'}}}, by_phone('Anna', '+15125550123')),
    json_case('column values', 'Monday', {'event': {'pulseName': 'Anna', 'columnValues': {'phone': {'phone': '79990009701', 'countryShortName': 'RU'}}}}, by_phone('', '+79990009701')),
    form_case('questions with numbers', 'quiz', {'Вопрос 1. Сколько квадратных метров?': '120', 'Вопрос 2. Бюджет, руб.': '9031112233', 'Ваше имя': 'Анна', 'Ваш номер телефона для связи': '+79990009701'}, by_phone('Анна', '+79990009701')),
    form_case('answers as questions', 'quiz', {'Куда отправить результат': 'Telegram', 'Ваш контакт': '@anna_k', 'Имя': 'Анна'}, by_username('Анна', 'anna_k')),
    form_case('max chosen', 'quiz', {'Мессенджер': 'MAX', 'Контакт': '@anna_k', 'Имя': 'Анна'}),
    multipart_case('photo and form', 'WordPress', {'your-name': 'Анна', 'your-tel': '+79990009701', 'consent': '1', '_wp_http_referer': '/contact'}, by_phone('Анна', '+79990009701')),
    json_case('labelled html', 'HTML mail', {'subject': 'Новая заявка', 'from': 'noreply@site.ru', 'to': 'sales@site.ru', 'html': 'Имя: Анна<br>Телефон: +79990009701<br>Менеджер: Борис<br>Тел. менеджера: +79990008997'}, by_phone('Анна', '+79990009701')),
    json_case('labelled plain', 'mail', {'subject': 'Заявка', 'body-plain': 'Name: Anna\r\nPhone: +15125550123\r\nManager phone: +15125550124\r\n'}, by_phone('Anna', '+15125550123')),
    form_case('text with links', 'mail', {'message': 'Сайт: https://a.ru\nИмя: Анна\nТелефон: +79990009701\nСтраница: https://a.ru/x'}, by_phone('Анна', '+79990009701')),
    form_case('bullets', 'mail', {'body': '• Имя: Анна\n• Телефон: +79990009701\n• Менеджер: Борис\n• Телефон менеджера: +79990008997'}, by_phone('Анна', '+79990009701')),
    form_case('dash labels', 'mail', {'message': 'Имя - Анна\nТелефон - +79990009701'}, by_phone('Анна', '+79990009701')),
)
# fmt: on
