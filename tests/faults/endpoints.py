"""The unsafe calls of the JSON API that bad input is tried on, each with a body that is good."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from tests.support.shop import Shop

FORM: dict[str, Any] = {
    "recipient_name": "Анна Иванова",
    "phone": "8 916 123-45-67",
    "email": "anna@example.org",
    "delivery_method": "courier",
    "address": {"city": "Москва", "street": "Мясницкая", "house": "1"},
    "payment_method": "cash",
    "accepts_terms": True,
    "comment": "До шести",
}
TEXT_MAX = 1_100_000
"""A text that makes a body larger than one may be."""

INVALID = "request.invalid"
BROKEN = "request.body_invalid"
CONTROL = "request.control_character"
ANY_NUMBER = (INVALID, BROKEN, "request.number", "request.out_of_range")


@dataclass(frozen=True)
class World:
    """What is there when a call is tried: a basket with one line, an order, a shop.

    Orders are for `shop.variant`; calls that change prices are about the last variant.
    """

    shop: Shop
    product: UUID
    order: str


@dataclass(frozen=True)
class Endpoint:
    """A call. `texts` and `numbers` are places in the body, such as `lines.0.quantity`."""

    name: str
    method: str
    path: Callable[[World], str]
    body: Callable[[World], dict[str, Any]]
    texts: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    strange: tuple[tuple[str, Any, str], ...] = ()
    """Well-formed nonsense: where, what, the code of the refusal."""

    is_staff: bool = False
    has_key: bool = True


@dataclass(frozen=True)
class Bad:
    """One bad request made of a good one, and the codes it may be refused with."""

    what: str
    content: bytes
    codes: tuple[str, ...]
    status: int | None = 400
    """None: any that refuses, since a rule of the business may."""

    headers: dict[str, str] = field(default_factory=dict)


def changed(body: Any, place: str, value: Any) -> Any:
    """Give a copy of a body with one value replaced."""
    fresh = copy.deepcopy(body)
    *way, last = (int(part) if part.isdigit() else part for part in place.split("."))
    inner = fresh
    for part in way:
        inner = inner[part]
    inner[last] = value
    return fresh


def at(body: Any, place: str) -> Any:
    """Give a value of a body."""
    for part in place.split("."):
        body = body[int(part)] if part.isdigit() else body[part]
    return body


VARIANT_MISSING = str(UUID(int=77))
CHANGES = "PUT"

ENDPOINTS = [
    Endpoint(
        "add to the basket",
        "POST",
        lambda _: "/api/v1/basket/lines",
        lambda world: {"variant_id": str(world.shop.variants[1]), "quantity": 1},
        texts=("variant_id",),
        numbers=("quantity",),
        strange=(
            ("quantity", 0, "checkout.quantity_invalid"),
            ("quantity", -1, "checkout.quantity_invalid"),
            ("quantity", "0.5", "checkout.quantity_invalid"),
            ("quantity", 10_000, "checkout.quantity_invalid"),
            ("variant_id", VARIANT_MISSING, "checkout.not_sold"),
        ),
    ),
    Endpoint(
        "set a quantity",
        CHANGES,
        lambda world: f"/api/v1/basket/lines/{world.shop.variant}",
        lambda _: {"quantity": 3},
        numbers=("quantity",),
        strange=(
            ("quantity", -1, "checkout.quantity_invalid"),
            ("quantity", "1.5", "checkout.quantity_invalid"),
            ("quantity", 10_000, "checkout.quantity_invalid"),
        ),
        has_key=False,
    ),
    Endpoint(
        "keep the checkout form",
        CHANGES,
        lambda _: "/api/v1/basket/details",
        lambda _: FORM,
        texts=("recipient_name", "phone", "address.city", "comment"),
        has_key=False,
    ),
    Endpoint(
        "place an order",
        "POST",
        lambda _: "/api/v1/orders",
        lambda _: {"details": FORM, "expected_total_minor": 229_000},
        texts=("details.recipient_name", "details.email", "details.address.street"),
        numbers=("expected_total_minor",),
        strange=(
            ("expected_total_minor", 1, "checkout.total_changed"),
            ("details.phone", "12", "checkout.details_invalid"),
            ("details.email", "anna@", "checkout.details_invalid"),
            ("details.delivery_method", "teleport", "checkout.details_invalid"),
            ("details.payment_method", "shells", "checkout.details_invalid"),
            ("details.accepts_terms", False, "checkout.details_invalid"),
            ("details.accepts_terms", "true", INVALID),
            ("expected_total_minor", "229000", INVALID),
            ("expected_total_minor", 229000.5, INVALID),
        ),
    ),
    Endpoint(
        "reserve goods",
        "POST",
        lambda _: "/api/v1/stock/reservations",
        lambda world: {
            "channel": "ru",
            "lines": [{"variant_id": str(world.shop.variant), "quantity": "1"}],
            "minutes": 5,
        },
        texts=("channel", "lines.0.variant_id"),
        numbers=("lines.0.quantity", "minutes"),
        strange=(
            ("lines", [], INVALID),
            ("minutes", 0, INVALID),
            ("minutes", "5", INVALID),
            ("lines.0.quantity", "0", "stock.hold_invalid"),
            ("lines.0.quantity", "-1", "stock.hold_invalid"),
            ("lines.0.quantity", "0.0001", "stock.hold_invalid"),
        ),
        is_staff=True,
    ),
    Endpoint(
        "cancel an order",
        "POST",
        lambda world: f"/api/v1/orders/{world.order}/cancellation",
        lambda _: {"reason": "so decided"},
        texts=("reason",),
        strange=(("reason", "x" * 501, INVALID),),
        is_staff=True,
    ),
    Endpoint(
        "lead an order on",
        "POST",
        lambda world: f"/api/v1/orders/{world.order}/transitions",
        lambda _: {"to": "confirmed", "comment": ""},
        texts=("to", "comment"),
        strange=(
            ("to", "sideways", INVALID),
            ("to", "completed", "orders.transition_refused"),
        ),
        is_staff=True,
    ),
    Endpoint(
        "note on an order",
        "POST",
        lambda world: f"/api/v1/orders/{world.order}/notes",
        lambda _: {"text": "asked by telephone"},
        texts=("text",),
        strange=(("text", "", INVALID),),
        is_staff=True,
    ),
    Endpoint(
        "sign up",
        "POST",
        lambda _: "/api/v1/sign-up",
        lambda _: {"email": "boris@example.org", "password": "long enough, surely", "name": "Б"},
        texts=("email", "password", "name"),
        strange=(
            ("email", "nobody", "accounts.email_invalid"),
            ("password", "short", "accounts.password_weak"),
            ("language", "klingon", INVALID),
        ),
    ),
    Endpoint(
        "sign in",
        "POST",
        lambda _: "/api/v1/sign-in",
        lambda _: {"email": "anna@example.org", "password": "right and long enough"},
        texts=("email", "password"),
        strange=(
            ("kind", "king", INVALID),
            ("password", "p" * 201, INVALID),
            ("code", 123456, INVALID),
        ),
        has_key=False,
    ),
    Endpoint(
        "ask for a new password",
        "POST",
        lambda _: "/api/v1/password-resets",
        lambda _: {"email": "anna@example.org"},
        texts=("email",),
        strange=(("email", "", INVALID),),
    ),
    Endpoint(
        "save a product",
        CHANGES,
        lambda world: f"/api/v1/catalog/products/{world.product}",
        lambda _: {"name": {"ru": "Платье с поясом"}, "slug": "dress", "brand": "Hansa"},
        texts=("name.ru", "brand", "slug"),
        strange=(
            ("name", {"klingon": "x"}, INVALID),
            ("slug", "../etc", INVALID),
            ("publish_from", "tomorrow", INVALID),
            ("publish_from", "2026-01-01T00:00:00", INVALID),
            ("status", "gone", INVALID),
        ),
        is_staff=True,
    ),
    Endpoint(
        "save a variant",
        CHANGES,
        lambda world: f"/api/v1/catalog/variants/{world.shop.variant}",
        lambda world: {"product_id": str(world.product), "sku": "D-0", "position": 3},
        texts=("sku",),
        numbers=("position",),
        strange=(("unit", "pieces", INVALID), ("position", 1_000_001, INVALID)),
        is_staff=True,
    ),
    Endpoint(
        "save a category",
        CHANGES,
        lambda _: f"/api/v1/catalog/categories/{uuid4()}",
        lambda _: {"name": {"ru": "Платья"}, "position": 1},
        texts=("name.ru",),
        numbers=("position",),
        strange=(
            ("slug", "UPPER", INVALID),
            ("parent_id", "top", INVALID),
            ("is_hidden", 1, INVALID),
        ),
        is_staff=True,
    ),
    Endpoint(
        "save a price list",
        CHANGES,
        lambda _: f"/api/v1/pricing/lists/{uuid4()}",
        lambda _: {"code": "sale", "name": {"ru": "Скидки"}, "market": "ru", "currency": "RUB"},
        texts=("code", "name.ru", "market", "currency"),
        strange=(("currency", "roubles", INVALID), ("market", "RU", INVALID)),
        is_staff=True,
    ),
    Endpoint(
        "set prices",
        "POST",
        lambda _: "/api/v1/pricing/prices",
        lambda world: {
            "prices": [
                {
                    "price_list_id": str(world.shop.price_list),
                    "variant_id": str(world.shop.variants[2]),
                    "amount": "1500.50",
                }
            ]
        },
        texts=("prices.0.variant_id",),
        strange=(
            ("prices", [], INVALID),
            ("prices.0.amount", "12,50", INVALID),
            ("prices.0.amount", "NaN", "request.number"),
            ("prices.0.amount", "1e999999", "request.number"),
            ("prices.0.amount", True, INVALID),
        ),
        is_staff=True,
    ),
    Endpoint(
        "take prices away",
        "POST",
        lambda _: "/api/v1/pricing/removed-prices",
        lambda world: {
            "prices": [
                {
                    "price_list_id": str(world.shop.price_list),
                    "variant_id": str(world.shop.variants[2]),
                }
            ]
        },
        texts=("prices.0.price_list_id",),
        strange=(("prices", [], INVALID),),
        is_staff=True,
    ),
    Endpoint(
        "make an API key",
        "POST",
        lambda _: "/api/v1/api-keys",
        lambda _: {"name": "robot", "scopes": ["stock.view"]},
        texts=("name",),
        strange=(("name", "", INVALID), ("scopes", [], INVALID), ("expires_at", 5, INVALID)),
        is_staff=True,
    ),
]


def bad_requests(endpoint: Endpoint, world: World, encode: Callable[[Any], bytes]) -> Iterator[Bad]:
    """Spoil the good body of an endpoint in every way there is."""
    good = endpoint.body(world)
    whole = encode(good)
    yield Bad("no body", b"", (INVALID, BROKEN))
    yield Bad("broken off", whole[:-2], (BROKEN,))
    yield Bad("not UTF-8", whole[:-1] + b', "\xff\xfe": 1}', (BROKEN,))
    yield Bad("nested deeply", b'{"a":' * 50_000, (BROKEN,))
    yield Bad("a control character in a name", whole[:-1] + b', "a\\u0000": 1}', (CONTROL,))
    yield Bad("too large", whole + b" " * TEXT_MAX, ("request.too_large",), status=413)
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml"):
        headers = {"Content-Type": kind}
        yield Bad(f"sent as {kind}", whole, ("request.content_type",), 415, headers)
    for value in ([], [good], "text", 5, None, True):
        yield Bad(f"not an object: {value!r:.20}", encode(value), (INVALID,))
    yield Bad("an unknown field", encode({**good, "surprise": 1}), (INVALID,))
    for name, value in good.items():
        wrong: Any = "text" if isinstance(value, dict | list) else {"never": ["this"]}
        codes = ANY_NUMBER if name in endpoint.numbers else (INVALID,)
        yield Bad(f"{name} of a wrong type", encode({**good, name: wrong}), codes)
    for place in endpoint.texts:
        for text, codes in (
            ("a\0b", (CONTROL,)),
            ("a\x1b[2J", (CONTROL,)),
            ("a\x7fb", (CONTROL,)),
        ):
            yield Bad(f"{place} {text!r}", encode(changed(good, place, text)), codes)
        half = encode(changed(good, place, "HALF")).replace(b'"HALF"', b'"\\ud800"')
        yield Bad(f"{place} half a character", half, (BROKEN,))
        raw = encode(changed(good, place, "HALF")).replace(b"HALF", b"\xc3\x28")
        yield Bad(f"{place} not UTF-8", raw, (BROKEN,))
        yield Bad(f"{place} a number", encode(changed(good, place, 12)), (INVALID,))
    for place in endpoint.numbers:
        spoilt = encode(changed(good, place, "HERE"))
        for number in (b'"NaN"', b'"Infinity"', b"1e999999", b'"1e999999"', b"9" * 400, b"true"):
            content = spoilt.replace(b'"HERE"', number)
            codes = (*ANY_NUMBER, *_own_codes(endpoint))
            yield Bad(f"{place} {number[:20]!r}", content, codes, status=None)
    for place, value, code in endpoint.strange:
        yield Bad(
            f"{place} {value!r:.30}", encode(changed(good, place, value)), (code,), status=None
        )


def _own_codes(endpoint: Endpoint) -> set[str]:
    return {code for _, _, code in endpoint.strange if not code.startswith("request.")}
