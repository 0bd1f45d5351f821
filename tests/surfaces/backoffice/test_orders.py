"""What staff do with orders on the pages of the back office."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal

import pytest

from hansa.modules import accounts, orders, payments, stock
from hansa.modules.fulfilment import looking
from hansa.modules.orders import OrderFilter, OrderState
from tests.conftest import NOON
from tests.support.buying import buy


async def available(site, variant_id) -> Decimal:
    async with site.context.database.snapshot() as snap:
        found = await stock.availability(snap, channel="ru", variant_ids=[variant_id])
    return found[variant_id].available


async def the_order(site, order_id) -> orders.Order:
    async with site.context.database.snapshot() as snap:
        return await orders.get_order(snap, order_id=order_id)


async def test_orders_are_found_by_what_the_filters_say(root, site, shop) -> None:
    first = await buy(site.context, (shop.variant, 1))
    second = await buy(
        site.context,
        (shop.variant, 1),
        recipient_name="Пётр Петров",
        phone="+7 495 111-22-33",
        now=NOON + timedelta(days=1),
    )
    await root.send(f"/office/orders/{first.order_id}/step", {"to": "confirmed"})

    async def found(query: str) -> set[str]:
        page = await root.open(f"/office/orders?{query}")
        return {number for number in (first.number, second.number) if number in page}

    assert await found("") == {first.number, second.number}
    assert await found("state=confirmed") == {first.number}
    assert await found("state=placed&state=confirmed") == {first.number, second.number}
    assert await found("q=петров") == {second.number}
    assert await found("payment=due") == {first.number, second.number}
    assert await found("payment=paid") == set()
    assert await found("from=2026-11-22") == {second.number}
    assert await found("until=2026-11-21") == {first.number}
    assert await found("from=nonsense&until=9999-12-31") == {first.number, second.number}
    assert await found("unread=1") == {first.number, second.number}
    assert await found("market=kz") == set()
    assert await found("state=nonsense") == {first.number, second.number}


async def test_the_list_goes_on_and_is_given_as_a_file(root, site, shop, monkeypatch) -> None:
    monkeypatch.setattr("hansa.surfaces.backoffice.orders.PAGE_ROWS", 2)
    numbers = {
        (await buy(site.context, (shop.variant, 1), now=NOON + timedelta(minutes=n))).number
        for n in range(5)
    }

    seen: list[str] = []
    path: str | None = "/office/orders"
    while path:
        page = await root.open(path)
        seen += [number for number in numbers if number in page]
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else None
    sheet = await root.open("/office/orders.csv")

    assert sorted(seen) == sorted(numbers)
    assert all(number in sheet for number in numbers)
    assert sheet.count("\n") == 6


async def test_an_order_is_led_on_step_by_step(root, site, shop) -> None:
    placed = await buy(site.context, (shop.variant, 1))
    path = f"/office/orders/{placed.order_id}"

    before = await root.open(path)
    for step in ("confirmed", "packed", "shipped", "delivered", "completed"):
        await root.send(f"{path}/step", {"to": step})
    after = await root.open(path)

    assert 'value="confirmed"' in before
    assert (await the_order(site, placed.order_id)).state is OrderState.COMPLETED
    assert f'action="{path}/step"' not in after, "nothing is left to do"
    assert 'data-open="cancel"' not in after
    async with site.context.database.snapshot() as snap:
        audit = await accounts.list_audit(snap, subject_id=placed.order_id)
    assert [one.action for one in audit] == ["orders.advance"] * 5
    assert {one.actor_id for one in audit} == {root.user.id}


async def test_a_step_that_is_not_possible_is_refused_on_the_page(root, site, shop) -> None:
    placed = await buy(site.context, (shop.variant, 1))
    path = f"/office/orders/{placed.order_id}"
    await root.send(f"{path}/step", {"to": "shipped"})

    refused = await root.send(f"{path}/step", {"to": "confirmed"}, status=422)

    assert "cannot become" in refused.text
    assert (await the_order(site, placed.order_id)).state is OrderState.SHIPPED


async def test_a_cancelled_order_puts_its_goods_back_on_sale(root, site, shop) -> None:
    placed = await buy(site.context, (shop.variant, 2))
    path = f"/office/orders/{placed.order_id}"
    promised = await available(site, shop.variant)

    await root.send(f"{path}/cancel", {"reason": "the shopper called"})

    order = await the_order(site, placed.order_id)
    assert order.state is OrderState.CANCELLED
    assert order.cancel_reason == "the shopper called"
    assert await available(site, shop.variant) == promised + 2
    assert "the shopper called" in await root.open(path)


async def test_cancelling_needs_a_reason_and_a_permission(sign_in, root, site, shop) -> None:
    placed = await buy(site.context, (shop.variant, 1))
    path = f"/office/orders/{placed.order_id}"

    unfounded = await root.send(f"{path}/cancel", {"reason": " "}, status=422)
    too_long = await root.send(f"{path}/cancel", {"reason": "x" * 501}, status=422)
    async with sign_in("orders.view", "orders.edit") as packer:
        page = await packer.open(path)
        await packer.send(f"{path}/cancel", {"reason": "no"}, status=403)
        await packer.send(f"{path}/step", {"to": "cancelled"}, status=403)
        await packer.send(
            "/office/orders/bulk", {"to": "cancelled", "order": str(placed.order_id)}, status=403
        )

    assert 'id="field-reason-error"' in unfounded.text
    assert "x" * 501 in too_long.text, "what was typed stays"
    assert 'data-open="cancel"' not in page
    assert (await the_order(site, placed.order_id)).state is OrderState.PLACED


async def test_many_orders_are_confirmed_at_once_and_the_refused_are_counted(
    root, site, shop
) -> None:
    first = await buy(site.context, (shop.variant, 1))
    second = await buy(site.context, (shop.variant, 1))
    late = await buy(site.context, (shop.variant, 1))
    await root.send(f"/office/orders/{late.order_id}/step", {"to": "shipped"})
    chosen = [str(one.order_id) for one in (first, second, late)]

    answer = await root.send(
        "/office/orders/bulk",
        {"to": "confirmed", "order": chosen, "back": "/office/orders?q=x"},
    )

    assert answer.headers["location"] == "/office/orders?q=x&led=2&refused=1"
    page = await root.open(answer.headers["location"])
    assert "Orders led on: 2." in page
    assert "Not possible for: 1." in page
    async with site.context.database.snapshot() as snap:
        confirmed = await orders.list_orders(
            snap, wanted=OrderFilter(states=(OrderState.CONFIRMED,))
        )
    assert {one.id for one in confirmed} == {first.order_id, second.order_id}


async def test_the_way_back_of_many_leads_to_our_own_pages_only(root) -> None:
    answer = await root.send(
        "/office/orders/bulk", {"to": "confirmed", "back": "https://elsewhere.example"}
    )

    assert answer.headers["location"] == "/office/orders"


async def test_notes_are_for_colleagues(root, site, shop) -> None:
    placed = await buy(site.context, (shop.variant, 1))
    path = f"/office/orders/{placed.order_id}"

    await root.send(f"{path}/notes", {"text": "will <b>call</b> at six"})
    refused = await root.send(f"{path}/notes", {"text": ""}, status=422)

    page = await root.open(path)
    assert "will &lt;b&gt;call&lt;/b&gt; at six" in page
    assert 'id="field-text-error"' in refused.text


async def test_money_received_is_noted_and_returned(root, site, shop) -> None:
    placed = await buy(site.context, (shop.variant, 1))
    path = f"/office/orders/{placed.order_id}"
    await root.send(f"{path}/receipt")
    page = await root.open(path)
    payment = re.search(r'name="payment" value="([^"]+)"', page)
    key = re.search(r'name="key" value="([^"]+)"', page)
    assert payment
    assert key
    form = {"payment": payment[1], "key": key[1], "refund_reason": "a stain"}

    too_much = await root.send(f"{path}/refund", {**form, "amount": "100 000,50"}, status=422)
    wrong = await root.send(f"{path}/refund", {**form, "amount": "much"}, status=422)
    part = {**form, "amount": "500,50"}
    await root.send(f"{path}/refund", part)
    await root.send(f"{path}/refund", part)  # the same form once more

    assert "At most 2,290" in too_much.text
    assert 'value="100 000,50"' in too_much.text, "what was typed stays"
    assert 'value="a stain"' in wrong.text
    async with site.context.database.snapshot() as snap:
        [known] = await payments.list_of_subject(
            snap, subject_kind=orders.SUBJECT, subject_id=placed.order_id
        )
        refunds = await payments.list_refunds(snap, payment_id=known.id)
    assert [one.amount.minor for one in refunds] == [500_50]
    assert known.refunded_minor == 500_50


async def test_a_payment_of_another_order_is_not_refunded(root, site, shop) -> None:
    mine = await buy(site.context, (shop.variant, 1))
    other = await buy(site.context, (shop.variant, 1))
    await root.send(f"/office/orders/{other.order_id}/receipt")
    page = await root.open(f"/office/orders/{other.order_id}")
    payment = re.search(r'name="payment" value="([^"]+)"', page)
    assert payment

    await root.send(
        f"/office/orders/{mine.order_id}/refund",
        {"payment": payment[1], "key": "a-key-of-the-page", "refund_reason": "x"},
        status=404,
    )


@pytest.mark.parametrize("path", ["", "/cancel", "/notes", "/refund", "/look", "/receipt", "/step"])
async def test_an_order_that_is_not_there(root, path: str) -> None:
    unknown = f"/office/orders/019aa000-0000-7000-8000-000000000000{path}"
    if not path:
        await root.open(unknown, status=404)
        return
    form = {
        "to": "confirmed",
        "reason": "x",
        "text": "x",
        "refund_reason": "x",
        "key": "12345678",
        "payment": "019aa000-0000-7000-8000-000000000001",
    }
    quiet = {"/look": 303, "/receipt": 303}
    await root.send(unknown, form, status=quiet.get(path, 404))


async def test_a_form_without_its_token_changes_nothing(root, site, shop) -> None:
    placed = await buy(site.context, (shop.variant, 1))

    answer = await root.client.post(
        f"/office/orders/{placed.order_id}/cancel", data={"reason": "from elsewhere"}
    )

    assert answer.status_code == 403
    assert (await the_order(site, placed.order_id)).state is OrderState.PLACED


async def test_what_was_given_up_and_what_is_kept_is_seen(root, site, shop) -> None:
    placed = await buy(site.context, (shop.variant, 3), payment_method="card")
    async with site.context.database.transaction() as tx:
        payment = await payments.get_payment(tx, payment_id=placed.payment_id)
        report = payments.Report(
            reference="p-held",
            state=payments.PaymentState.AUTHORISED,
            redirect_url=None,
            authorised_minor=payment.amount_minor,
            captured_minor=0,
            refunded_minor=0,
            hold_expires_at=NOON + timedelta(days=7),
        )
        await payments.apply_report(tx, payment_id=payment.id, report=report, now=NOON)
        await orders.give_up(
            tx,
            order_id=placed.order_id,
            lines=[(shop.variant, Decimal(1))],
            reason="not found in the shop",
            by=orders.By.SYSTEM,
            now=NOON,
        )

    page = await root.open(f"/office/orders/{placed.order_id}")

    assert "of 3, the rest given up" in page
    assert "Given up: D-0 × 1" in page
    assert "To be kept: 4,280" in page.replace("\u00a0", " ")
    assert "The bank holds it until 28 Nov 2026" in page


async def test_where_the_goods_come_from_is_seen(root, site, shop) -> None:
    placed = await buy(site.context, (shop.variant, 1))
    before = await root.open(f"/office/orders/{placed.order_id}")
    async with site.context.database.transaction() as tx:
        await looking.begin_case(tx, order_id=placed.order_id, now=NOON)
        await looking.look_at_case(tx, order_id=placed.order_id, now=NOON)

    page = await root.open(f"/office/orders/{placed.order_id}")

    assert "Where the goods come from" not in before
    assert "Where the goods come from" in page
    assert f'href="/office/fulfilment/cases/{placed.order_id}"' in page
    assert "goods confirmed" in page
