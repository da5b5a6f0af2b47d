"""Calls and text messages: the person calls or writes, and the company's line is called."""

# ruff: noqa: E501 - a table

from tests.support.form_bodies.case import by_phone, form_case, json_case

# fmt: off
CASES = (
    form_case('incoming call', 'Mango Office', {'vpbx_api_key': 'k1', 'sign': 'ab12', 'json': '{"entry_id": "MTc1", "call_id": "MToxMDA", "timestamp": 1700000000, "seq": 1, "call_state": "Appeared", "location": "ivr", "from": {"number": "79990009701", "taken_from_call_id": ""}, "to": {"number": "74990000000", "line_number": "74990000000"}}'}, by_phone('', '+79990009701', 'weak')),
    form_case('NOTIFY_START', 'Zadarma', {'event': 'NOTIFY_START', 'call_start': '2026-01-01 10:00:00', 'pbx_call_id': 'in_1234567890', 'caller_id': '79990009701', 'called_did': '74990000000'}, by_phone('', '+79990009701', 'weak')),
    form_case('inbound SMS', 'Twilio', {'ToCountry': 'US', 'ToState': 'CA', 'SmsMessageSid': 'SM1', 'NumMedia': '0', 'FromZip': '94107', 'SmsStatus': 'received', 'FromCity': 'SAN FRANCISCO', 'Body': 'Hi, I want a quote', 'FromCountry': 'US', 'To': '+15125550124', 'NumSegments': '1', 'AccountSid': 'AC1', 'From': '+15125550123', 'ApiVersion': '2010-04-01'}, by_phone('', '+15125550123', 'weak')),
    form_case("voice with caller's name", 'Twilio', {'Called': '+15125550124', 'Caller': '+15125550123', 'CallerName': 'ANNA K', 'CallStatus': 'ringing', 'Direction': 'inbound', 'To': '+15125550124', 'From': '+15125550123'}, by_phone('ANNA K', '+15125550123', 'weak')),
    json_case('contact and virtual number', 'UIS', {'event': 'call_lost', 'virtual_phone_number': '74990000000', 'contact_phone_number': '79990009701', 'employee_full_name': 'Иванов Пётр', 'contact_full_name': 'Анна'}, by_phone('Анна', '+79990009701')),
    json_case("visitor's number", 'CoMagic', {'employee_full_name': 'Пётр', 'employee_phone': '79990008997', 'visitor_name': 'Анна', 'visitor_phone_number': '79990009701', 'virtual_phone_number': '74990000000'}, by_phone('Анна', '+79990009701')),
    json_case('callerphone', 'Calltouch', {'callerphone': '79990009701', 'phonenumber': '74990000000', 'calltime': '2026-01-01 10:00:00', 'siteId': 1, 'source': 'yandex', 'order': {'id': 5}}, by_phone('', '+79990009701')),
    form_case('history', 'MegaFon VATS', {'cmd': 'history', 'type': 'in', 'user': 'admin', 'ext': '101', 'telnum': '74990000000', 'diversion': '74990000000', 'phone': '79990009701', 'callid': 'c1', 'duration': '12', 'status': 'success'}, by_phone('', '+79990009701')),
    json_case('parties', 'RingCentral', {'uuid': '1', 'event': '/restapi/v1.0/account/~/telephony', 'body': {'parties': [{'direction': 'Inbound', 'to': {'phoneNumber': '+15125550124', 'name': 'Office'}, 'from': {'phoneNumber': '+15125550123', 'name': 'Anna K'}}]}}, by_phone('Anna K', '+15125550123')),
    form_case('inbound SMS', 'Vonage', {'msisdn': '447400123456', 'to': '447400123457', 'messageId': '0A00', 'text': 'Hello', 'type': 'text', 'api-key': 'abc', 'message-timestamp': '2026-01-01 10:00:00'}, by_phone('', '+447400123456')),
    json_case('call tracking', 'Avito', {'call': {'callId': 1, 'sellerPhone': '79990008997', 'virtualPhone': '74990000000', 'buyerPhone': '79990009701', 'talkDuration': 12}}, by_phone('', '+79990009701')),
    json_case('number in a message', 'Avito', {'id': '1', 'version': 'v3', 'payload': {'type': 'message', 'value': {'author_id': 94, 'content': {'text': 'Здравствуйте, мой номер 8 999 000-97-01'}, 'chat_id': 'u2i'}}}, by_phone('', '+79990009701', 'weak')),
    json_case('client and agent', 'CIAN', {'agentName': 'Борис', 'agentPhone': '+79990008997', 'clientName': 'Анна', 'clientPhone': '+79990009701', 'objectId': 300123456}, by_phone('Анна', '+79990009701')),
    json_case('callback', 'Envybox', {'type': 'callback', 'manager': 'Борис', 'manager_phone': '+79990008997', 'client': {'phone': '79990009701', 'name': ''}, 'widget_phone': '74990000000'}, by_phone('', '+79990009701')),
    json_case('call', 'Callibri', {'channel_id': 1, 'date': '2026-01-01', 'source': 'Яндекс', 'phone': '79990009701', 'lk_phone': '74990000000', 'crm_client_id': '79990008899', 'name_type': 'Целевой'}, by_phone('', '+79990009701')),
    form_case('incoming SMS', 'Exolve', {'event_id': '5', 'direction': 'INCOMING', 'sender': '79990009701', 'receiver': '74990000000', 'text': 'Перезвоните'}, by_phone('', '+79990009701', 'weak')),
    json_case('call', 'MTS Exolve', {'call': {'numberA': '79990009701', 'numberB': '74990000000', 'state': 'ringing'}}, by_phone('', '+79990009701', 'weak')),
    form_case('variables', 'Asterisk', {'uniqueid': '1700000000.12', 'callerid': '79990009701', 'callername': 'ANNA', 'exten': '101', 'did': '74990000000'}, by_phone('ANNA', '+79990009701', 'weak')),
    form_case('src and dst', 'SIPNET', {'src': '79990009701', 'dst': '74990000000', 'duration': '15', 'calldate': '2026-01-01'}),
    json_case('event', 'Sipuni', {'event': '1', 'call_id': '1', 'src_num': '79990009701', 'src_type': '1', 'dst_num': '74990000000', 'dst_type': '2'}),
    json_case('caller is the office', 'outgoing call', {'direction': 'outbound', 'from': '74990000000', 'to': '79990009701', 'agent': 'Борис'}),
    json_case('sms', 'Plivo', {'From': '+15125550123', 'To': '+15125550124', 'Text': 'quote please', 'Type': 'sms', 'MessageUUID': 'm'}, by_phone('', '+15125550123', 'weak')),
    json_case('call', 'Aircall', {'resource': 'call', 'event': 'call.created', 'data': {'id': 1, 'direction': 'inbound', 'raw_digits': '+15125550123', 'number': {'digits': '+15125550124', 'name': 'Office'}, 'user': {'name': 'Boris'}, 'contact': {'first_name': 'Anna', 'last_name': 'K', 'phone_numbers': [{'label': 'Mobile', 'value': '+15125550123'}]}}}, by_phone('Anna K', '+15125550123')),
    json_case('call', 'OpenPhone', {'object': {'type': 'call.ringing', 'data': {'object': {'direction': 'incoming', 'from': '+15125550123', 'to': '+15125550124'}}}}, by_phone('', '+15125550123', 'weak')),
    json_case('call', 'Nextel', {'event': 'call.incoming', 'caller': {'number': '79990009701'}, 'callee': {'number': '74990000000', 'name': 'Офис'}}, by_phone('', '+79990009701', 'weak')),
    json_case('msg', 'gateway', {'originator': '79990009701', 'destination': '74990000000', 'body': 'hello', 'receivedAt': 1700000000}, by_phone('', '+79990009701', 'weak')),
    json_case('outgoing status', 'gateway', {'direction': 'outgoing', 'from_number': '74990000000', 'to_number': '79990009701', 'status': 'delivered'}),
    json_case('list of messages', 'gateway', {'messages': [{'from': '+79990009701', 'to': '+74990000000', 'text': 'one'}, {'from': '+79990008997', 'to': '+74990000000', 'text': 'two'}]}, by_phone('', '+79990009701', 'weak'), by_phone('', '+79990008997', 'weak')),
)
# fmt: on
