"""The payment page: what a shopper sees at the bank."""

import html
from decimal import Decimal

from sandbox.acquirer.ledger import PENDING, Payment

TEXTS = {
    "ru": {
        "title": "Оплата",
        "bank": "Учебный банк",
        "note": "Это учебная страница: деньги не списываются.",
        "card": "Номер карты",
        "pay": "Оплатить",
        "decline": "Банк отклонит платёж",
        "more": "Что ещё может случиться",
        "quiet": "Оплатить, но связь оборвётся, и магазин не узнает сразу",
        "late": "Оплатить, уведомление придёт через 10 секунд",
        "twice": "Оплатить, уведомление придёт дважды",
        "back": "Вернуться в магазин",
        "done": "Этот платёж уже завершён.",
    },
    "en": {
        "title": "Payment",
        "bank": "Practice bank",
        "note": "This is a practice page: no money moves.",
        "card": "Card number",
        "pay": "Pay",
        "decline": "The bank declines",
        "more": "What else can happen",
        "quiet": "Pay, but the connection breaks and the shop is not told",
        "late": "Pay, the notice comes ten seconds later",
        "twice": "Pay, the notice comes twice",
        "back": "Back to the shop",
        "done": "This payment is finished.",
    },
}
SIGNS = {"RUB": "₽", "EUR": "€", "USD": "$", "KZT": "₸", "BYN": "Br"}

STYLE = """
:root{color-scheme:light dark;--ink:#1c1f24;--paper:#fff;--soft:#f2f3f5;--line:#d9dce1;
--deep:#124559}
@media(prefers-color-scheme:dark){:root{--ink:#eceef1;--paper:#1d2126;--soft:#121518;--line:#353b43;
--deep:#6cb4cc}}
*{box-sizing:border-box}body{margin:0;min-height:100vh;display:grid;place-items:center;padding:16px;
background:var(--soft);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{width:100%;max-width:26rem;background:var(--paper);border-radius:16px;padding:28px;
box-shadow:0 8px 32px rgb(0 0 0/.08)}header{display:flex;justify-content:space-between;
align-items:baseline;gap:12px;color:var(--deep);font-weight:600}h1{font-size:2rem;margin:.5rem 0 0;
font-variant-numeric:tabular-nums}p{margin:.25rem 0 1rem}small,.note{color:inherit;opacity:.72}
label{display:block;font-size:.875rem;margin-bottom:4px}input{width:100%;padding:12px 14px;
border:1px solid var(--line);border-radius:10px;background:transparent;color:inherit;font:inherit;
letter-spacing:.06em}button,.button{display:block;width:100%;min-height:48px;margin-top:12px;
padding:10px 14px;border-radius:10px;border:1px solid var(--line);background:transparent;
color:inherit;font:inherit;text-align:center;text-decoration:none;cursor:pointer}
button.main{background:var(--deep);border-color:var(--deep);color:var(--paper);font-weight:600}
:focus-visible{outline:3px solid var(--deep);outline-offset:2px}details{margin-top:16px}
summary{cursor:pointer}
"""


def amount(payment: Payment) -> str:
    """Write an amount as people read it."""
    text = f"{Decimal(payment.amount) / 100:,.2f}".replace(",", "\u00a0")
    if payment.language == "ru":
        text = text.replace(".", ",")
    return f"{text}\u00a0{SIGNS.get(payment.currency, payment.currency)}"


def page(payment: Payment) -> bytes:
    """Draw the page of a payment."""
    texts = TEXTS.get(payment.language, TEXTS["en"])
    language = payment.language if payment.language in TEXTS else "en"
    inner = _form(texts) if payment.state == PENDING else _done(texts, payment)
    return (
        f'<!doctype html><html lang="{language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<link rel="icon" href="data:,">'
        f"<title>{texts['title']} — {texts['bank']}</title><style>{STYLE}</style>"
        f"<main><header><span>{texts['bank']}</span></header>"
        f"<h1>{amount(payment)}</h1><p>{html.escape(payment.description)}</p>{inner}"
        f'<p class="note"><small>{texts["note"]}</small></p></main></html>'
    ).encode()


def _form(texts: dict[str, str]) -> str:
    return (
        '<form method="post">'
        f'<label for="card">{texts["card"]}</label>'
        '<input id="card" name="card" inputmode="numeric" autocomplete="off"'
        ' value="4111 1111 1111 1111">'
        f'<button class="main" name="action" value="pay">{texts["pay"]}</button>'
        f'<button name="action" value="decline">{texts["decline"]}</button>'
        f"<details><summary>{texts['more']}</summary>"
        f'<button name="action" value="quiet">{texts["quiet"]}</button>'
        f'<button name="action" value="late">{texts["late"]}</button>'
        f'<button name="action" value="twice">{texts["twice"]}</button>'
        "</details></form>"
    )


def _done(texts: dict[str, str], payment: Payment) -> str:
    link = ""
    if payment.return_url.startswith(("http://", "https://")):
        address = html.escape(payment.return_url, quote=True)
        link = f'<a class="button" href="{address}">{texts["back"]}</a>'
    return f"<p>{texts['done']}</p>{link}"
