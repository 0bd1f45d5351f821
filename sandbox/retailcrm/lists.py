"""The CRM's reference lists, as an account begins with them."""

from typing import Any

OWN_STATUS = "new"


def _entries(*pairs: tuple[str, str], **more: Any) -> dict[str, dict[str, Any]]:
    return {code: {"code": code, "name": name, "active": True, **more} for code, name in pairs}


REFERENCES: dict[str, dict[str, dict[str, Any]]] = {
    "statuses": _entries(
        ("new", "Новый"),
        ("availability-confirmed", "Наличие подтверждено"),
        ("client-confirmed", "Согласовано с клиентом"),
        ("call-again", "Перезвонить"),
        ("assembling", "Комплектуется"),
        ("assembling-complete", "Укомплектован"),
        ("delivering", "Доставляется"),
        ("delivered", "Доставлен"),
        ("complete", "Выполнен"),
        ("no-product", "Нет в наличии"),
        ("cancel-other", "Отменён"),
    ),
    "payment-types": _entries(
        ("cash", "Наличные"), ("bank-card", "Банковская карта"), ("transfer", "Перевод")
    ),
    "payment-statuses": _entries(
        ("not-paid", "Не оплачен"),
        ("invoice", "Выставлен счёт"),
        ("authorized", "Деньги удержаны"),
        ("paid", "Оплачен"),
        ("returned", "Возвращён"),
        ("canceled", "Отменён"),
    ),
    "delivery-types": _entries(("courier", "Курьер"), ("self-delivery", "Самовывоз")),
    "stores": _entries(("msk-1", "Москва, центральный"), ("msk-2", "Москва, Мясницкая")),
    "sites": _entries(("shop-ru", "Магазин, Россия"), ("shop-kz", "Магазин, Казахстан")),
}

ANSWER_NAMES = {
    "statuses": "statuses",
    "payment-types": "paymentTypes",
    "payment-statuses": "paymentStatuses",
    "delivery-types": "deliveryTypes",
    "stores": "stores",
    "sites": "sites",
}
