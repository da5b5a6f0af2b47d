"""CRMs, shops, bookings and payments that name other people beside the person."""

# ruff: noqa: E501 - a table

from tests.support.form_bodies.case import by_phone, form_case, json_case, query_case

# fmt: off
CASES = (
    json_case('properties', 'HubSpot', {'vid': 4, 'properties': {'hubspot_owner_id': {'value': '9'}, 'firstname': {'value': 'Anna'}, 'lastname': {'value': 'K'}, 'phone': {'value': '+15125550123'}, 'company': {'value': 'ACME'}}}, by_phone('Anna K', '+15125550123')),
    form_case('web-to-lead', 'Salesforce', {'oid': '00D0', 'retURL': 'https://a.ru', 'first_name': 'Anna', 'last_name': 'K', 'company': 'ACME', 'mobile': '+15125550123', 'phone': '', 'lead_source': 'Web', '00N5000': 'x'}, by_phone('Anna K', '+15125550123')),
    json_case('owner before the person', 'Zoho CRM', {'data': [{'Owner': {'name': 'Boris', 'id': '1', 'phone': '+15125550124'}, 'Modified_By': {'name': 'Olga'}, 'Last_Name': 'K', 'First_Name': 'Anna', 'Phone': '+15125550123', 'Mobile': None}]}, by_phone('Anna K', '+15125550123')),
    json_case('phone list', 'Pipedrive', {'data': {'owner_name': 'Boris', 'org_name': 'ACME', 'name': 'Anna K', 'phone': [{'label': 'mobile', 'value': '+15125550123', 'primary': True}], 'email': [{'value': 'a@b.c'}]}, 'meta': {'action': 'create'}}, by_phone('Anna K', '+15125550123')),
    json_case('order with manager', 'RetailCRM', {'order': {'number': '5A', 'manager': {'firstName': 'Борис', 'phone': '79990008997'}, 'firstName': 'Анна', 'phone': '79990009701', 'delivery': {'address': {'city': 'Москва'}}}}, by_phone('Анна', '+79990009701')),
    json_case('client and recipient', 'InSales', {'id': 1, 'number': 1001, 'shipping_address': {'name': 'Пётр', 'phone': '+79990008997'}, 'client': {'name': 'Анна', 'phone': '+79990009701'}}, by_phone('Анна', '+79990009701')),
    json_case('billing and shipping', 'WooCommerce', {'id': 727, 'status': 'processing', 'shipping': {'first_name': 'Ivan', 'last_name': 'P', 'phone': '+15125550124'}, 'billing': {'first_name': 'Anna', 'last_name': 'K', 'phone': '+15125550123'}, 'line_items': [{'name': 'Cup', 'id': 1}]}, by_phone('Anna K', '+15125550123')),
    json_case('customer', 'Shopify', {'id': 820982911946154508, 'phone': None, 'shipping_address': {'first_name': 'Ivan', 'name': 'Ivan P', 'phone': '+15125550124'}, 'customer': {'id': 115310627314723954, 'first_name': 'Anna', 'last_name': 'K', 'phone': '+15125550123'}, 'line_items': [{'name': 'T-shirt'}]}, by_phone('Anna K', '+15125550123')),
    json_case('billingPerson', 'Ecwid', {'eventType': 'order.created', 'data': {'shippingPerson': {'name': 'Ivan', 'phone': '+15125550124'}, 'billingPerson': {'name': 'Anna', 'phone': '+15125550123'}}}, by_phone('Anna', '+15125550123')),
    json_case('text reminder number', 'Calendly', {'event': 'invitee.created', 'payload': {'name': 'Anna K', 'text_reminder_number': '+15125550123', 'questions_and_answers': [{'question': 'What do you need?', 'answer': 'A site', 'position': 0}], 'scheduled_event': {'event_memberships': [{'user_name': 'Boris', 'user_email': 'b@c.d'}], 'name': 'Call'}}}, by_phone('Anna K', '+15125550123', 'weak')),
    json_case('organizer before attendee', 'Cal.com', {'triggerEvent': 'BOOKING_CREATED', 'payload': {'organizer': {'name': 'Boris', 'phoneNumber': '+15125550124'}, 'responses': {'name': {'label': 'your_name', 'value': 'Anna'}, 'attendeePhoneNumber': {'label': 'phone_number', 'value': '+15125550123'}}}}, by_phone('Anna', '+15125550123')),
    json_case('staff before client', 'YCLIENTS', {'company_id': 5, 'resource': 'record', 'status': 'create', 'data': {'staff': {'id': 1, 'name': 'Ольга', 'phone': '79990008997'}, 'services': [{'id': 3, 'title': 'Стрижка'}], 'client': {'id': 7, 'name': 'Анна', 'phone': '79990009701'}, 'date': '2026-01-01'}}, by_phone('Анна', '+79990009701')),
    json_case('flat', 'DIKIDI', {'company_phone': '74990000000', 'master_name': 'Ольга', 'master_phone': '79990008997', 'client_name': 'Анна', 'client_phone': '79990009701'}, by_phone('Анна', '+79990009701')),
    json_case('hotel and guests', 'Bnovo', {'hotel': {'name': 'Отель', 'phone': '74990000000'}, 'guests': [{'name': 'Анна', 'surname': 'К', 'phone': '79990009701'}]}, by_phone('Анна К', '+79990009701')),
    json_case('contactInfo', 'TravelLine', {'customer': {'firstName': 'Анна', 'lastName': 'К', 'contactInfo': {'phones': [{'phoneNumber': '+79990009701'}], 'emails': [{'emailAddress': 'a@b.ru'}]}}, 'roomStays': [{'guests': [{'firstName': 'Пётр', 'lastName': 'К'}]}]}, by_phone('Анна К', '+79990009701')),
    query_case('query string', 'GetCourse', {'user_name': 'Анна', 'user_phone': '+79990009701', 'partner_phone': '+79990008997', 'deal_id': '55'}, by_phone('Анна', '+79990009701')),
    form_case('payment', 'Prodamus', {'order_id': '1', 'sum': '1000.00', 'customer_phone': '+79990009701', 'customer_email': 'a@b.ru', 'products[0][name]': 'Курс', 'products[0][price]': '1000'}, by_phone('', '+79990009701')),
    form_case('Data', 'CloudPayments', {'TransactionId': '9990009701', 'Amount': '10.00', 'CardFirstSix': '411111', 'Name': 'ANNA KARENINA', 'Data': '{"phone": "+79990009701", "name": "\\u0410\\u043d\\u043d\\u0430"}'}, by_phone('Анна', '+79990009701')),
    json_case('recruiter', 'hh.ru', {'vacancy': {'name': 'Курьер'}, 'recruiter': {'name': 'Борис', 'phone': '+79990008997'}, 'candidate': {'name': 'Анна', 'phone': '+79990009701'}}, by_phone('Анна', '+79990009701')),
    form_case('from and to', 'taxi', {'from': 'Тверская 1', 'to': 'Арбат 2', 'name': 'Анна', 'phone': '+79990009701'}, by_phone('Анна', '+79990009701')),
    form_case('driver', 'taxi', {'driver_name': 'Борис', 'driver_phone': '+79990008997', 'client': 'Анна', 'client_tel': '+79990009701'}, by_phone('Анна', '+79990009701')),
    json_case('sender and recipient', 'delivery', {'sender': {'company': 'ООО', 'name': 'Анна', 'phone': '+79990009701'}, 'recipient': {'name': 'Мария', 'phone': '+79990008997'}}, by_phone('Анна', '+79990009701')),
    json_case('pickup and dropoff', 'delivery', {'pickup': {'contact_name': 'Анна', 'contact_phone': '+79990009701'}, 'dropoff': {'contact_name': 'Мария', 'contact_phone': '+79990008997'}}, by_phone('Анна', '+79990009701'), by_phone('Мария', '+79990008997')),
    json_case('booker and guests', 'hotel', {'booker': {'name': 'Анна', 'phone': '+79990009701'}, 'guests': [{'name': 'Пётр'}, {'name': 'Ольга'}]}, by_phone('Анна', '+79990009701', 'weak')),
    json_case('order with tickets', 'events', {'order': {'buyer': {'name': 'Анна', 'phone': '+79990009701'}}, 'tickets': [{'type': 'VIP', 'price': 100}, {'type': 'Std', 'price': 50}]}, by_phone('Анна', '+79990009701')),
    form_case('applicant and representative', 'gov', {'ФИО заявителя': 'Анна К', 'Телефон заявителя': '+79990009701', 'ФИО представителя': 'Борис', 'Телефон представителя': '+79990008997'}, by_phone('Анна К', '+79990009701')),
    form_case('snils', 'gov', {'СНИЛС': '999-000-97-01 00', 'ФИО': 'Анна К', 'Контактный тел.': '+79990009701'}, by_phone('Анна К', '+79990009701')),
    form_case('insured and policyholder', 'insurance', {'Страхователь ФИО': 'Анна К', 'Страхователь телефон': '+79990009701', 'Застрахованный ФИО': 'Пётр К', 'Застрахованный телефон': '+79990008997'}, by_phone('Анна К', '+79990009701', 'weak')),
    form_case('landlord', 'rent', {'Имя': 'Анна', 'Мобильный': '+79990009701', 'Собственник': 'Борис', 'Телефон собственника': '+79990008997'}, by_phone('Анна', '+79990009701')),
)
# fmt: on
