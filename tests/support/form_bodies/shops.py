"""Orders of shops."""

from typing import Any

from tests.support.form_bodies.case import by_phone, form_case, json_case

# https://shopify.dev/docs/api/admin-rest/latest/resources/order
SHOPIFY = "Shopify"


def _shopify(**order: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    return {
        "id": 820982911946154508,
        "name": "#79990008890",
        "order_number": 79990008891,
        "number": 234,
        "email": "anna@example.com",
        "phone": None,
        "total_price": "409.94",
        "source_name": "web",
        "landing_site": "https://t.me/shop_channel",
        "user_id": None,
        "line_items": [
            {"id": 866550311766439020, "name": "Платье Анастасия", "title": "Платье", "vendor": "Мария"}
        ],
        "shipping_lines": [{"title": "Курьер Иван", "phone": None}],
        **order,
    }


_SHOPIFY_CASES = (
    json_case(
        "an order with the phone of the customer",
        SHOPIFY,
        _shopify(
            billing_address={
                "first_name": "Анна",
                "last_name": "Ким",
                "name": "Анна Ким",
                "phone": "+79990009600",
            },
            customer={"id": 115310627314723954, "first_name": "Анна", "last_name": "Ким", "phone": None},
        ),
        by_phone("Анна Ким", "+79990009600"),
    ),
    json_case(
        "the phone of the order itself",
        SHOPIFY,
        _shopify(phone="+79990009601", customer={"first_name": "Олег", "last_name": "Белов", "phone": None}),
        by_phone("Олег Белов", "+79990009601"),
    ),
    json_case(
        "an order with an email only",
        SHOPIFY,
        _shopify(customer={"id": 79990008892, "first_name": "Анна", "last_name": "Ким", "phone": None}),
    ),
)

# https://woocommerce.github.io/woocommerce-rest-api-docs/#order-properties
WOO = "WooCommerce"


def _woo(billing: dict[str, str], shipping: dict[str, str], *meta: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": 727,
        "number": "79990008893",
        "order_key": "wc_order_58d2d042d1d",
        "created_via": "checkout",
        "status": "processing",
        "total": "29.35",
        "customer_id": 79990008894,
        "billing": {"company": "ООО Ромашка", "city": "Казань", "country": "RU", **billing},
        "shipping": {"city": "Казань", "country": "RU", **shipping},
        "payment_method": "bacs",
        "payment_method_title": "Перевод Ивану",
        "meta_data": list(meta),
        "line_items": [{"id": 315, "name": "Букет Юлия", "product_id": 93, "sku": "89990008895"}],
        "coupon_lines": [],
    }


_WOO_CASES = (
    json_case(
        "an order",
        WOO,
        _woo({"first_name": "Анна", "last_name": "Ким", "phone": "8 999 000 96 02"}, {"first_name": "Анна"}),
        by_phone("Анна Ким", "+79990009602"),
    ),
    json_case(
        "a gift: the recipient did not ask for anything",
        WOO,
        _woo(
            {"first_name": "Анна", "last_name": "Ким", "phone": "+79990009603"},
            {"first_name": "Вера", "last_name": "Лис", "phone": "+79990008896"},
        ),
        by_phone("Анна Ким", "+79990009603"),
    ),
    json_case(
        "a field of the checkout about Telegram",
        WOO,
        _woo(
            {"first_name": "Анна", "last_name": "Ким", "phone": "+79990009604"},
            {},
            {"id": 13106, "key": "_billing_telegram", "value": "@anna_k"},
        ),
        by_phone("Анна Ким", "+79990009604", telegram="anna_k"),
    ),
    form_case("the ping of a new webhook", WOO, {"webhook_id": "79990008897"}),
)

# https://docs.ecwid.com/api-reference/webhooks and /rest-api/orders
ECWID = "Ecwid"
_ECWID_CASES = (
    json_case(
        "the notice of an order has its number only",
        ECWID,
        {
            "eventId": "80aece08-40e8-4145-8764-6c2f0d38678",
            "eventCreated": 1738598211,
            "storeId": 88005553535,
            "entityId": 79990008898,
            "eventType": "order.created",
            "data": {"orderId": "XJ12H", "newPaymentStatus": "PAID"},
        },
    ),
    json_case(
        "an order",
        ECWID,
        {
            "id": "XJ12H",
            "orderNumber": 79990008899,
            "email": "anna@example.com",
            "total": 14.5,
            "items": [{"name": "Torte Anna", "sku": "000014", "price": 2.99, "quantity": 1}],
            "billingPerson": {"name": "John Doe", "companyName": "Some Company", "phone": "+16502530000"},
            "shippingPerson": {"name": "John Doe", "phone": "+16502530000"},
        },
        by_phone("John Doe", "+16502530000"),
    ),
)

CASES = (*_SHOPIFY_CASES, *_WOO_CASES, *_ECWID_CASES)
