"""What staff see and do about the search for goods: board, queue, cases, shops, rules."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest

from hansa.modules import accounts, fulfilment, orders, stock
from hansa.modules.fulfilment import CaseState, looking
from tests.conftest import NOON
from tests.support.buying import buy
from tests.support.shop import put_stock

HOME = "/office/fulfilment"


async def an_asked_order(site, shop, *, count: int = 1):
    """Buy what only the corner shop has; the shop is being asked."""
    async with site.context.database.transaction() as tx:
        await put_stock(tx, shop.central, shop.variant, 0, now=NOON)
        await put_stock(tx, shop.corner, shop.variant, 5, now=NOON)
    placed = await buy(site.context, (shop.variant, count))
    async with site.context.database.transaction() as tx:
        await looking.begin_case(tx, order_id=placed.order_id, now=NOON)
    await look(site, placed)
    return placed


async def look(site, placed) -> CaseState | None:
    async with site.context.database.transaction() as tx:
        return await looking.look_at_case(tx, order_id=placed.order_id, now=NOON)


async def questions(site) -> list[fulfilment.Question]:
    async with site.context.database.snapshot() as snap:
        return await fulfilment.list_open_questions(snap)


async def story(site, placed) -> fulfilment.CaseStory:
    async with site.context.database.snapshot() as snap:
        return await fulfilment.get_case(snap, order_id=placed.order_id)


async def test_the_board_shows_who_is_asked_and_how_long_there_is(root, site, shop) -> None:
    assert "Nobody has to answer now" in await root.open(HOME)
    placed = await an_asked_order(site, shop)

    page = await root.open(HOME)

    assert placed.number in page
    assert "Corner shop" in page
    assert re.search(r'data-relative-time="left">20:00<', page)
    assert placed.number not in await root.open(f"{HOME}?shop={shop.central}")
    assert placed.number in await root.open(f"{HOME}?shop={shop.corner}")


async def test_a_shop_gets_more_time_or_is_asked_no_longer(root, site, shop) -> None:
    placed = await an_asked_order(site, shop)
    [question] = await questions(site)

    await root.send(f"{HOME}/questions/{question.id}/extend")
    [later] = await questions(site)
    assert (later.answer_by - question.answer_by).total_seconds() == 20 * 60

    await root.send(f"{HOME}/questions/{question.id}/withdraw")
    assert await look(site, placed) is CaseState.OPERATOR
    assert await questions(site) == []
    queue = await root.open(f"{HOME}/cases?state=operator")
    assert placed.number in queue
    assert "None of our shops has it any more." in queue
    again = await root.send(f"{HOME}/questions/{question.id}/extend", status=422)
    assert "cannot be done any more" in again.text


async def test_somebody_answers_for_the_shop_by_telephone(root, site, shop) -> None:
    placed = await an_asked_order(site, shop, count=2)
    [question] = await questions(site)
    case = f"{HOME}/cases/{placed.order_id}"

    wrong = await root.send(
        f"{case}/questions/{question.id}/answer", {"line": 1, "found": 5}, status=422
    )
    assert "must together be as many" in wrong.text
    await root.send(f"{case}/questions/{question.id}/answer", {"line": 1, "found": 1, "missing": 1})

    page = await root.open(case)
    assert "found 1" in page
    assert "Why from here?" in page
    twice = await root.send(
        f"{case}/questions/{question.id}/answer", {"line": 1, "found": 2}, status=422
    )
    assert "has already answered" in twice.text


async def test_an_operator_chooses_a_shop_asks_again_and_gives_up(root, site, shop) -> None:
    placed = await an_asked_order(site, shop, count=2)
    case = f"{HOME}/cases/{placed.order_id}"
    [question] = await questions(site)
    await root.send(f"{HOME}/questions/{question.id}/withdraw")
    await look(site, placed)

    chosen = {"warehouse": shop.corner, "variant": shop.variant, "quantity": 1}
    await root.send(f"{case}/ask", chosen)
    refused = await root.send(f"{case}/ask", chosen, status=422)
    assert "being asked for these goods already" in refused.text
    [by_hand] = await questions(site)
    assert by_hand.lines[0].quantity == 1
    await root.send(f"{case}/questions/{by_hand.id}/answer", {"line": 1, "found": 1})
    await root.send(f"{case}/again")
    assert await look(site, placed) is CaseState.ASKING
    [rest] = await questions(site)
    await root.send(f"{HOME}/questions/{rest.id}/withdraw")
    await root.send(
        f"{case}/give-up", {"variant": shop.variant, "quantity": 1, "reason": "We are sorry."}
    )

    assert await look(site, placed) is CaseState.CONFIRMED
    async with site.context.database.snapshot() as snap:
        order = await orders.get_order(snap, order_id=placed.order_id)
        told = await accounts.list_audit(snap, limit=50)
    assert order.lines[0].left == 1
    assert {"fulfilment.chosen_by_hand", "fulfilment.asked_again"} <= {one.action for one in told}


async def test_what_was_put_aside_is_taken_back(root, site, shop) -> None:
    placed = await an_asked_order(site, shop)
    [question] = await questions(site)
    case = f"{HOME}/cases/{placed.order_id}"
    await root.send(f"{case}/questions/{question.id}/answer", {"line": 1, "found": 1})
    assert await look(site, placed) is CaseState.CONFIRMED
    [part] = (await story(site, placed)).parts

    await root.send(f"{case}/take-back", {"part": part.id, "defective": 1})

    assert await look(site, placed) is CaseState.OPERATOR
    async with site.context.database.snapshot() as snap:
        [correction] = await stock.list_corrections(snap, limit=5)
    assert (correction.kind, correction.quantity) == ("defective", Decimal(1))


async def test_a_case_is_cancelled_with_its_order(root, site, shop) -> None:
    placed = await an_asked_order(site, shop)
    case = f"{HOME}/cases/{placed.order_id}"

    await root.send(f"{case}/cancel", {"reason": "We are sorry."})

    assert await look(site, placed) is CaseState.ENDED
    assert await questions(site) == []
    assert "search ended" in await root.open(f"{HOME}/cases?q={placed.number}")


async def test_a_shop_is_described(root, site, shop) -> None:
    page = f"{HOME}/shops/{shop.corner}"
    assert "Corner shop" in await root.open(f"{HOME}/shops")

    fields = {
        "channel": "slack",
        "address": "C0123",
        "time_zone": "Asia/Yekaterinburg",
        "language": "en",
        "hours": "1-5 10:00-21:00\n6-7 11:00-20:00",
        "members": "U1\nU2",
        "groups": "flagship, centre",
    }
    await root.send(page, fields)
    async with site.context.database.snapshot() as snap:
        held = await fulfilment.get_shop(snap, warehouse_id=shop.corner)
    assert held.members == ("U1", "U2")
    assert held.groups == ("flagship", "centre")
    assert held.hours[6] == (fulfilment.Opening(660, 1200),)

    for wrong in ({"hours": "mornings"}, {"time_zone": "Moon/Sea"}, {"address": ""}):
        answer = await root.send(page, {**fields, **wrong}, status=422)
        assert "field-error" in answer.text


async def test_rules_are_made_tried_out_and_removed(root, site, shop) -> None:
    placed = await an_asked_order(site, shop)
    assert "No rules yet" in await root.open(f"{HOME}/rules")
    fields = {
        "name": "Own first",
        "position": 10,
        "is_active": "1",
        "kinds": ["warehouse"],
        "rank_1": "same_city",
        "max_parts": 1,
        "search_limit": 100,
    }

    await root.send(f"{HOME}/rules/new?market=ru", fields)

    async with site.context.database.snapshot() as snap:
        [stored] = await fulfilment.list_rules(snap, market="ru")
    assert stored.rule.kinds == ("warehouse",)
    assert stored.rule.rank == (fulfilment.Criterion.SAME_CITY,)
    tried = await root.open(f"{HOME}/rules?order={placed.number}")
    assert "nobody has it" in tried
    assert "The rule takes another kind of warehouse" in tried
    basket = await root.open(f"{HOME}/rules?goods=D-0%20x%202&city=Moscow")
    assert "nobody has it" in basket
    await root.send(f"{HOME}/rules/new?market=ru", {**fields, "max_parts": 99}, status=422)
    await root.send(f"{HOME}/rules/{stored.id}/remove")
    assert "No rules yet" in await root.open(f"{HOME}/rules")


async def test_a_policy_is_changed(root, site) -> None:
    await root.send(
        f"{HOME}/rules/policy?market=ru",
        {
            "asks_shops": "1",
            "asking": "k_at_a_time",
            "at_a_time": 3,
            "answer_minutes": 15,
            "when_closed": "next",
            "nobody": "give_up",
            "one_stage": "refund",
            "hold_margin_minutes": 60,
        },
    )

    async with site.context.database.snapshot() as snap:
        policy = await fulfilment.get_policy(snap, market="ru")
    assert (policy.width, policy.answer_minutes) == (3, 15)
    assert policy.nobody is fulfilment.Nobody.GIVE_UP


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_who_may_only_look_changes_nothing(sign_in, site, shop, language) -> None:
    placed = await an_asked_order(site, shop)
    [question] = await questions(site)
    case = f"{HOME}/cases/{placed.order_id}"

    async with sign_in("fulfilment.view", language=language) as viewer:
        for path in (HOME, f"{HOME}/cases", case, f"{HOME}/shops", f"{HOME}/rules"):
            page = await viewer.open(path)
            assert 'action="/office/fulfilment/questions' not in page
        await viewer.open(f"{HOME}/rules/new", status=403)
        await viewer.send(f"{HOME}/questions/{question.id}/withdraw", status=403)
        await viewer.send(f"{case}/again", status=403)
        await viewer.send(f"{HOME}/shops/{shop.corner}", {"channel": "office"}, status=403)
    async with sign_in("orders.view", email="other@example.com") as stranger:
        await stranger.open(HOME, status=403)
