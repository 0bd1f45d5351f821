"""The page on which a manager works: orders, customers and payments, to see and to change."""

import html
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from sandbox.acquirer.wire import Answer, Call
from sandbox.retailcrm.books import MANAGER, Books, Fields, Refused
from sandbox.retailcrm.lists import REFERENCES

STYLE = """
:root{color-scheme:light dark}*{box-sizing:border-box}body{margin:0;font:16px/1.5 system-ui,
sans-serif;padding:16px;max-width:60rem;margin-inline:auto}h1{font-size:1.4rem}h2{font-size:1.1rem}
section{border:1px solid #9995;border-radius:12px;padding:16px;margin:0 0 16px}
form{display:flex;flex-wrap:wrap;gap:8px;align-items:end;margin:8px 0}label{font-size:.85rem}
input,select,button{display:block;font:inherit;padding:8px 10px;border-radius:8px;max-width:100%;
border:1px solid #9997;background:transparent;color:inherit;min-height:44px}
button{cursor:pointer}small{opacity:.75}.refused{color:#c22}
"""


def answer(books: Books, call: Call, parts: list[str]) -> Answer:
    """Show the page, or do what a form asks."""
    problem = ""
    if call.method == "POST":
        sent = {name: one[0] for name, one in parse_qs(call.body.decode()).items()}
        try:
            _act(books, parts, sent)
        except (Refused, KeyError, ValueError) as error:
            problem = f"{error}"
        else:
            return Answer(status=303, headers={"location": "/"})
    return Answer(body=_page(books, problem).encode(), content_type="text/html; charset=utf-8")


def _act(books: Books, parts: list[str], sent: dict[str, str]) -> None:
    match parts:
        case ["orders", "new"]:
            item: Fields = {
                "offer": {"article": sent.get("article", "")},
                "productName": sent.get("article", ""),
                "quantity": float(sent.get("quantity", "1")),
            }
            if sent.get("price"):
                item["initialPrice"] = float(sent["price"])
            order: Fields = {
                "firstName": sent.get("name", ""),
                "phone": sent.get("phone", ""),
                "orderMethod": sent.get("method", "phone"),
                "items": [item],
                "delivery": {"code": "courier", "address": {"city": sent.get("city", "")}},
            }
            books.create_order(order, sent.get("site", books.sites[0]), MANAGER)
        case ["orders", number]:
            changes: Fields = {
                name: sent[name]
                for name in ("status", "managerComment", "phone", "firstName", "lastName")
                if name in sent
            }
            if "city" in sent:
                names = ("city", "street", "building", "flat")
                changes["delivery"] = {"address": {n: sent[n] for n in names if n in sent}}
            books.edit_order(books.order(number), changes, MANAGER)
        case ["orders", number, "payments"]:
            facts = {"type": sent["type"], "status": sent["status"], "amount": sent["amount"]}
            order_of = {"order": {"id": int(number)}}
            books.create_payment({**facts, **order_of, "amount": float(sent["amount"])}, MANAGER)
        case ["payments", number]:
            books.edit_payment(books.payment(number), {"status": sent["status"]}, MANAGER)
        case ["customers", number]:
            changes = {n: sent[n] for n in ("firstName", "lastName", "email") if n in sent}
            if sent.get("phone"):
                changes["phones"] = [{"number": one} for one in sent["phone"].split()]
            books.edit_customer(books.customer(number), changes, MANAGER)
        case ["customers", number, "combine"]:
            other = books.customer(number)
            books.combine_customers([other], books.customer(sent["result"]), MANAGER)
        case _:
            raise Refused("Not found", status=404)


def _page(books: Books, problem: str) -> str:
    orders = "".join(_order(books, one) for one in reversed(books.orders.values()))
    customers = "".join(_customer(one) for one in reversed(books.customers.values()))
    told = f'<p class="refused" role="alert">{html.escape(problem)}</p>' if problem else ""
    new = _form(
        "/orders/new",
        _input("name", "Имя"), _input("phone", "Телефон"), _input("article", "Артикул"),
        _input("quantity", "Количество", "1"), _input("price", "Цена"), _input("city", "Город"),
        _select("method", "Откуда", {"phone": "Телефон", "instagram": "Instagram"}, "phone"),
        _select("site", "Магазин", {site: site for site in books.sites}, books.sites[0]),
        button="Создать заказ",
    )  # fmt: skip
    return (
        '<!doctype html><html lang="ru"><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width,initial-scale=1"><title>Учебная CRM</title><style>{STYLE}'
        f"</style><h1>Учебная CRM</h1>{told}<section><h2>Новый заказ</h2>{new}</section>"
        f"<h2>Заказы</h2>{orders or '<p>Заказов пока нет.</p>'}<h2>Клиенты</h2>"
        f"{customers or '<p>Клиентов пока нет.</p>'}</html>"
    )


def _order(books: Books, order: Fields) -> str:
    shown = books.view_order(order)
    address = (order.get("delivery") or {}).get("address") or {}
    items = ", ".join(
        f"{_text(i.get('productName') or (i.get('offer') or {}).get('externalId'))}"
        f" × {_text(i['quantity'])}"
        for i in order["items"]
    )
    paid = "".join(
        f"<p>Платёж {_text(p['type'])}, {_text(p.get('amount'))}: {_text(p['status'])}</p>"
        + _form(f"/payments/{p['id']}", _choice("status", "payment-statuses", p["status"]))
        for p in books.payments.values()
        if p["order"]["id"] == order["id"]
    )
    return (
        f'<section id="order-{order["id"]}"><h2>{_text(order["number"])}</h2>'
        f"<small>{_text(order['site'])} · {_text(order.get('externalId') or 'без внешнего номера')}"
        f" · {_text(shown['totalSumm'])}</small><p>{items}</p>"
        + _form(
            f"/orders/{order['id']}",
            _choice("status", "statuses", order["status"]),
            _input("firstName", "Имя", order.get("firstName")),
            _input("phone", "Телефон", order.get("phone")),
            _input("city", "Город", address.get("city")),
            _input("street", "Улица", address.get("street")),
            _input("managerComment", "Комментарий", order.get("managerComment")),
        )
        + paid
        + _form(
            f"/orders/{order['id']}/payments",
            _choice("type", "payment-types", "cash"),
            _choice("status", "payment-statuses", "paid"),
            _input("amount", "Сумма", shown["totalSumm"]),
            button="Добавить платёж",
        )
        + "</section>"
    )


def _customer(customer: Fields) -> str:
    phones = " ".join(p["number"] for p in customer.get("phones", ()))
    names = f"{customer.get('firstName', '')} {customer.get('lastName', '')}"
    return (
        f'<section id="customer-{customer["id"]}"><h2>{_text(names)}</h2>'
        f"<small>{customer['id']} · {_text(customer.get('externalId') or '')}</small>"
        + _form(
            f"/customers/{customer['id']}",
            _input("firstName", "Имя", customer.get("firstName")),
            _input("lastName", "Фамилия", customer.get("lastName")),
            _input("phone", "Телефоны", phones),
            _input("email", "Почта", customer.get("email")),
        )
        + _form(
            f"/customers/{customer['id']}/combine",
            _input("result", "Объединить с номером"),
            button="Объединить",
        )
        + "</section>"
    )


def _form(action: str, *fields: str, button: str = "Сохранить") -> str:
    inner = "".join(fields)
    return f'<form method="post" action="{action}">{inner}<button>{button}</button></form>'


def _input(name: str, label: str, value: Any = "") -> str:
    shown = _text(value if value is not None else "")
    return f'<label>{label}<input name="{name}" value="{shown}"></label>'


def _choice(name: str, reference: str, chosen: str) -> str:
    options = {code: entry["name"] for code, entry in REFERENCES[reference].items()}
    return _select(
        name,
        {"statuses": "Статус", "payment-types": "Вид"}.get(reference, "Оплата"),
        options,
        chosen,
    )


def _select(name: str, label: str, options: dict[str, str], chosen: str) -> str:
    listed = "".join(_options(options.items(), chosen))
    return f'<label>{label}<select name="{name}">{listed}</select></label>'


def _options(options: Iterable[tuple[str, str]], chosen: str) -> Iterable[str]:
    for code, title in options:
        mark = " selected" if code == chosen else ""
        yield f'<option value="{_text(code)}"{mark}>{_text(title)}</option>'


def _text(value: Any) -> str:
    return html.escape(str(value), quote=True)
