"""Messengers, bots and chat widgets: the person writes, and a bot or an operator answers."""

# ruff: noqa: E501 - a table

from tests.support.form_bodies.case import Expected, by_phone, by_username, json_case

# fmt: off
CASES = (
    json_case('message', 'WhatsApp Cloud', {'object': 'whatsapp_business_account', 'entry': [{'id': '1', 'changes': [{'value': {'messaging_product': 'whatsapp', 'metadata': {'display_phone_number': '74990000000', 'phone_number_id': '1234567890'}, 'contacts': [{'profile': {'name': 'Анна'}, 'wa_id': '79990009701'}], 'messages': [{'from': '79990009701', 'id': 'wamid.x', 'timestamp': '1700000000', 'text': {'body': 'Здравствуйте'}, 'type': 'text'}]}, 'field': 'messages'}]}]}, by_phone('Анна', '+79990009701')),
    json_case('telegram', 'Wazzup', {'messages': [{'messageId': 'm', 'channelId': 'c', 'chatType': 'telegram', 'chatId': '7771234567', 'text': 'Привет', 'contact': {'name': 'Анна', 'username': 'anna_k'}, 'isEcho': False, 'status': 'inbound'}]}, by_username('Анна', 'anna_k', 'weak')),
    json_case('whatsapp', 'Wazzup', {'messages': [{'messageId': 'm', 'chatType': 'whatsapp', 'chatId': '79990009701', 'text': 'Привет', 'contact': {'name': 'Анна'}, 'isEcho': False}]}),
    json_case('offline message', 'JivoChat', {'event_name': 'offline_message', 'visitor': {'name': 'Анна', 'phone': '79990009701', 'email': 'a@b.ru', 'number': '123'}, 'message': 'Перезвоните', 'session': {'geoip': {'country': 'Russia'}}}, by_phone('Анна', '+79990009701')),
    json_case('agent first', 'JivoChat', {'event_name': 'chat_accepted', 'agent': {'id': 1, 'name': 'Ольга', 'phone': '79990008997'}, 'visitor': {'name': 'Анна', 'phone': '79990009701'}}, by_phone('Анна', '+79990009701')),
    json_case('user props', 'Carrot quest', {'event': {'name': '$lead'}, 'user': {'id': 1, 'props': {'$name': 'Анна', '$phone': '+79990009701', '$email': 'a@b.ru'}}}, by_phone('Анна', '+79990009701')),
    json_case('contact created', 'Intercom', {'type': 'notification_event', 'topic': 'contact.created', 'app_id': 'x', 'data': {'item': {'type': 'contact', 'id': '5', 'name': 'Anna', 'phone': '+15125550123', 'owner_id': None, 'custom_attributes': {'company_phone': '+15125550124'}}}}, by_phone('Anna', '+15125550123')),
    json_case('tg_username', 'SaleBot', {'client_id': 1, 'platform_id': '7771234567', 'name': 'Анна', 'tg_username': 'anna_k', 'phone': ''}, by_username('Анна', 'anna_k')),
    json_case('bot and contact', 'SendPulse', [{'service': 'telegram', 'title': 'incoming_message', 'bot': {'id': 'b', 'name': 'Школа', 'username': 'school_helper'}, 'contact': {'id': 'c', 'name': 'Анна', 'username': 'anna_k', 'phone': None, 'last_message': 'Hi'}}], by_username('Анна', 'anna_k', 'weak')),
    json_case('ig and whatsapp', 'ManyChat', {'id': '123', 'first_name': 'Anna', 'last_name': 'K', 'ig_username': 'anna_insta', 'whatsapp_phone': '+15125550123', 'phone': None}, by_phone('Anna K', '+15125550123')),
    json_case('contact shared', 'Telegram bot', {'update_id': 1, 'message': {'message_id': 1, 'from': {'id': 123456789, 'is_bot': False, 'first_name': 'Анна', 'username': 'anna_k'}, 'chat': {'id': 123456789, 'first_name': 'Анна', 'username': 'anna_k', 'type': 'private'}, 'contact': {'phone_number': '79990009701', 'first_name': 'Анна', 'user_id': 123456789}}}, Expected('Анна', '+79990009701', 'anna_k', 'strong', 'weak')),
    json_case('message in a group', 'Telegram bot', {'update_id': 1, 'message': {'message_id': 1, 'chat': {'id': -100, 'title': 'Мамы района', 'username': 'moms_group', 'type': 'supergroup'}, 'from': {'id': 5, 'is_bot': False, 'first_name': 'Анна', 'username': 'anna_k'}, 'text': 'хочу заказать'}}, by_username('Анна', 'anna_k', 'weak')),
    json_case('assignee and sender', 'Chatwoot', {'event': 'conversation_created', 'meta': {'assignee': {'name': 'Boris', 'phone_number': '+15125550124'}, 'sender': {'name': 'Anna', 'phone_number': '+15125550123'}}}, by_phone('Anna', '+15125550123')),
    json_case('whatsapp', 'Green-API', {'typeWebhook': 'incomingMessageReceived', 'instanceData': {'wid': '74990000000@c.us'}, 'senderData': {'chatId': '79990009701@c.us', 'sender': '79990009701@c.us', 'senderName': 'Анна'}, 'messageData': {'textMessageData': {'textMessage': 'Привет'}}}, by_phone('Анна', '+79990009701', 'weak')),
    json_case('sender', 'Umnico', {'type': 'message.incoming', 'sa': {'login': '74990000000', 'type': 'whatsapp'}, 'message': {'sender': {'login': '79990009701', 'name': 'Анна'}}}),
    json_case('from', 'ChatApp', {'from': {'id': '79990009701', 'name': 'Анна', 'phone': '79990009701'}, 'to': {'id': '74990000000', 'phone': '74990000000'}}, by_phone('Анна', '+79990009701')),
    json_case('lead', 'PuzzleBot', {'user_id': 7771234567, 'username': 'anna_k', 'first_name': 'Анна', 'ref_username': 'boris_b'}, by_username('Анна', 'anna_k', 'weak')),
    json_case('contact with variables', 'LeadTeh', {'contact': {'name': 'Анна', 'telegram_username': 'anna_k', 'variables': {'manager_tg': '@boris_b', 'phone': '+79990009701'}}}, by_phone('Анна', '+79990009701', telegram='anna_k')),
    json_case('vk', 'Senler', {'type': 'subscribe', 'vk_user_id': 79990008899, 'object': {'first_name': 'Анна', 'phone': '+79990009701', 'screen_name': 'anna_vk'}}, by_phone('Анна', '+79990009701')),
    json_case('profile', 'Bothunter', {'profile': {'first_name': 'Анна', 'domain': 'anna_vk', 'phone': ''}, 'vars': {'Телефон клиента': '+79990009701'}}, by_phone('Анна', '+79990009701')),
)
# fmt: on
