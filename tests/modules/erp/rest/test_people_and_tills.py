"""Customers, receipts, gift sets and marks by REST: what each row is answered, and what is kept."""

from decimal import Decimal

import pytest

from hansa.modules import catalog, parties, promotions, receipts
from tests.modules.erp.rest.conftest import at


def row(key: str, sequence: int, minutes: float = 0, **values):
    return {"key": key, "sequence": sequence, "as_of": at(minutes), **values}


def outcomes(told):
    return [one["outcome"] for one in told]


async def party(sender, **found_by):
    [(kind, value)] = found_by.items()
    async with sender.context.database.snapshot() as snap:
        party_id = await parties.find_match(
            snap,
            identifiers=[
                parties.Identifier(
                    kind=kind, value=value, system="erp:head" if kind == "outside" else ""
                )
            ],
        )
        return None if party_id is None else await parties.get_party(snap, party_id=party_id)


async def test_a_customer_is_made_and_found_by_every_name(sender):
    told = await sender.send(
        "customers",
        row(
            "c1",
            1,
            family_name="Иванова",
            given_name="Анна",
            phones=["8 916 123-45-67"],
            emails=["Anna@Example.com"],
            cards=["2200 0001"],
        ),
    )

    assert outcomes(told) == ["applied"]
    found = await party(sender, outside="c1")
    assert found.display_name == "Иванова Анна"
    for kind, value in {
        "phone": "+7 916 123 45 67",
        "email": "anna@example.com",
        "card": "22000001",
    }.items():
        assert (await party(sender, **{kind: value})).id == found.id


async def test_what_is_not_named_stays_and_the_same_again_is_unchanged(sender):
    await sender.send("customers", row("c1", 1, given_name="Анна", phones=["+79161234567"]))

    told = await sender.send("customers", row("c1", 2, 1, family_name="Иванова"))
    same = await sender.send("customers", row("c1", 3, 2, family_name="Иванова"))
    late = await sender.send("customers", row("c1", 1, 3, given_name="Мария"))

    assert outcomes([*told, *same, *late]) == ["applied", "unchanged", "stale"]
    found = await party(sender, phone="+79161234567")
    assert (found.given_name, found.family_name) == ("Анна", "Иванова")


async def test_somebody_known_by_telephone_is_the_same_person(sender, now):
    async with sender.context.database.transaction() as tx:
        known = await parties.match_or_create(
            tx,
            party=parties.NewParty(display_name="Анна"),
            identifiers=[
                parties.Identifier(kind=parties.IdentifierKind.PHONE, value="+79161234567")
            ],
            now=now,
        )

    await sender.send("customers", row("c1", 1, phones=["89161234567"], cards=["CARD-1"]))

    assert (await party(sender, outside="c1")).id == known
    assert (await party(sender, card="CARD1")).id == known


async def test_a_telephone_that_is_none_is_left_out_and_told_and_the_rest_taken(sender):
    [told] = await sender.send(
        "customers", row("c1", 1, given_name="Анна", phones=["+79161234567", "ring the bell"])
    )

    assert told["outcome"] == "applied"
    assert told["notes"][0]["code"] == "parties.identifier_invalid"
    assert told["notes"][0]["field"] == "phones[1]"
    assert (await party(sender, phone="+79161234567")).given_name == "Анна"


async def test_an_unknown_price_group_refuses_the_customer_alone(sender):
    told = await sender.send(
        "customers",
        row("c1", 1, given_name="Анна", price_group="nobody-knows"),
        row("c2", 1, given_name="Мария"),
    )

    assert outcomes(told) == ["refused", "applied"]
    assert await party(sender, outside="c1") is None


def a_sale(key="s1", sequence=1, **values):
    return row(
        key,
        sequence,
        -60,
        **{
            "kind": "sale",
            "number": "0042",
            "warehouse": "corner",
            "card": "2200 0001",
            "lines": [
                {"line": 1, "item": "coat", "quantity": 2, "amount": "3980.00"},
                {"line": 2, "item": "unknown-thing", "quantity": "0.5", "amount": 10},
            ],
            **values,
        },
    )


async def kept(sender):
    async with sender.context.database.snapshot() as snap:
        return await receipts.list_receipts(snap, chosen=receipts.ReceiptFilter())


async def test_a_receipt_is_kept_with_its_card_and_what_is_not_in_the_catalogue(sender):
    await sender.items("coat")
    await sender.send("customers", row("c1", 1, given_name="Анна", cards=["22000001"]))

    told = await sender.send("receipts", a_sale(customer="c1"))
    again = await sender.send("receipts", a_sale(customer="c1"))

    assert outcomes(told + again) == ["applied", "duplicate"]
    [receipt] = await kept(sender)
    ids = await sender.ids()
    assert [(one.variant_id, one.item, one.amount_minor) for one in receipt.lines] == [
        (ids["coat"], "coat", 3980_00),
        (None, "unknown-thing", 10_00),
    ]
    assert receipt.card == "22000001"
    assert receipt.warehouse_id == sender.places["corner"]
    assert receipt.party_id == (await party(sender, outside="c1")).id


async def test_returns_are_bounded_by_their_sale(sender):
    await sender.send("receipts", a_sale())

    def back(key, quantity, amount):
        lines = [{"line": 1, "item": "coat", "quantity": quantity, "amount": amount}]
        return a_sale(key, kind="return", original="s1", lines=lines)

    told = await sender.send("receipts", back("r1", 1, "1990"), back("r2", 2, "1990"))

    assert outcomes(told) == ["applied", "refused"]
    assert told[1]["code"] == "receipts.above_original"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"as_of": None}, "erp.as_of_missing"),
        ({"warehouse": "moon"}, "erp.unknown_warehouse"),
        ({"lines": []}, "request.invalid"),
        ({"kind": "gift"}, "request.invalid"),
        ({"original": "s0"}, "receipts.sale_with_original"),
        (
            {"lines": [{"line": 1, "item": "coat", "quantity": -1, "amount": 1}]},
            "receipts.quantity_invalid",
        ),
        (
            {"lines": [{"line": 1, "item": "coat", "quantity": 1, "amount": -1}]},
            "receipts.amount_invalid",
        ),
        (
            {"lines": [{"line": 1, "item": "coat", "quantity": 1, "amount": "1e300"}]},
            "erp.quantity_absurd",
        ),
        ({"card": "№"}, "receipts.card_invalid"),
    ],
)
async def test_a_wrong_receipt_is_refused_alone(sender, change, code):
    told = await sender.send("receipts", {**a_sale("bad"), **change}, a_sale("good"))

    assert outcomes(told) == ["refused", "applied"]
    assert told[0]["code"].split(".")[0] == code.split(".")[0]
    if not code.startswith("request."):
        assert told[0]["code"] == code


async def test_a_receipt_with_other_content_is_refused_whatever_its_sequence(sender):
    await sender.send("receipts", a_sale())

    told = await sender.send("receipts", a_sale(sequence=2, number="0043"))

    assert (told[0]["outcome"], told[0]["code"]) == ("refused", "receipts.key_reused")


async def test_a_gift_set_waits_for_its_items_and_is_offered_then(sender, now):
    gift = {
        "name": "Шарф",
        "minimum": "10000",
        "items": [{"item": "scarf"}, {"item": "scarf", "quantity": 1}],
        "ends_at": "2026-12-31T23:59:59",
    }
    waiting = await sender.send("gift-sets", row("g7", 1, **gift))
    await sender.items("scarf")
    again = await sender.send("gift-sets", row("g7", 2, 1, **gift))

    assert outcomes(waiting) == ["deferred"]
    assert outcomes(again) == ["unchanged"]
    async with sender.context.database.snapshot() as snap:
        [held] = await promotions.list_gift_sets(snap)
    assert (held.code, held.source) == ("head:g7", "erp:head")
    assert (held.minimum.minor, held.items[0].quantity) == (10_000_00, Decimal(2))
    assert held.valid.ends_at.isoformat() == "2026-12-31T20:59:59+00:00"


async def test_marks_are_set_for_a_variant_or_for_all_of_a_card(sender):
    await sender.items("coat", has_variants=True)
    await sender.send(
        "items", *(row(f"coat#{size}", 1, options={"Размер": size}) for size in ("S", "M"))
    )
    told = await sender.send(
        "marketplace-marks",
        row("coat", 1, marketplaces={"ozon": True}),
        row("coat#S", 1, 1, marketplaces={"ozon": False, "wb": True}),
        row("coat#M", 1, 1, marketplaces={"Ozon!": True}),
    )

    ids = await sender.ids()
    async with sender.context.database.snapshot() as snap:
        ozon = await catalog.list_marked_variants(snap, marketplace="ozon")
        wb = await catalog.list_marked_variants(snap, marketplace="wb")
    assert outcomes(told) == ["applied", "applied", "refused"]
    assert ozon == [ids["coat#M"]]
    assert wb == [ids["coat#S"]]


async def test_a_dry_run_of_each_kind_changes_nothing(sender):
    await sender.items("coat")
    rows = {
        "customers": row("c1", 1, given_name="Анна"),
        "receipts": a_sale(),
        "gift-sets": row("g1", 1, name="Шарф", minimum=1, items=[{"item": "coat"}]),
        "marketplace-marks": row("coat", 1, marketplaces={"ozon": True}),
    }
    for kind, one in rows.items():
        answer = await sender.post(f"{kind}?dry_run=true", {"rows": [one]})
        assert outcomes(answer.json()["rows"]) == ["applied"], answer.text
        assert outcomes(await sender.send(kind, one)) == ["applied"]
