"""Groups, properties, characteristics, price types, warehouses: what goods and offers point to."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.modules import catalog, pricing, stock
from hansa.modules.erp.commerceml import Group, PriceType, Property, Warehouse, requisite_key
from hansa.modules.erp.importing.desk import Desk, NewReference, Reference, digest_of
from hansa.modules.erp.model import Action, looks_retail
from hansa.modules.erp.store import exchange as exchange_sql
from hansa.runtime.database import Transaction

KINDS = {"Справочник": catalog.AttributeKind.CHOICE, "Число": catalog.AttributeKind.NUMBER}
_CODES = {"размер": "size", "size": "size", "цвет": "colour", "color": "colour", "colour": "colour"}


async def apply_groups(
    tx: Transaction, desk: Desk, groups: Sequence[Group], *, now: datetime
) -> None:
    """Make or change categories; a deleted group is hidden."""
    wanted = desk.last_of_each("group", groups)
    parents = {group.parent_id for group in wanted.values() if group.parent_id}
    known = await desk.known(tx, "group", {*wanted, *parents})
    ids = {one: known[one].internal_id if one in known else new_id(now) for one in wanted}
    ids |= {one: known[one].internal_id for one in parents if one in known}
    digests = {
        one: digest_of(group.name, group.parent_id, group.deleted) for one, group in wanted.items()
    }
    changed = [one for one in wanted if one not in known or known[one].digest != digests[one]]
    result = await catalog.save_categories(
        tx,
        categories=[
            catalog.Category(
                id=ids[one],
                name=desk.named(wanted[one].name),
                parent_id=ids.get(wanted[one].parent_id or ""),
                position=wanted[one].ordinal,
                is_hidden=wanted[one].deleted,
            )
            for one in changed
        ],
        now=now,
    )
    titles = {one: wanted[one].name for one in changed}
    saved = log_result(desk, "group", result, {ids[one]: one for one in changed}, titles)
    desk.counts["unchanged"] += len(wanted) - len(changed)
    await desk.keep(
        tx, "group", [NewReference(one, ids[one], digests[one]) for one in changed if one in saved]
    )


async def apply_properties(
    tx: Transaction, desk: Desk, properties: Sequence[Property], *, now: datetime
) -> None:
    """Make or change attributes and the entries of their dictionaries."""
    wanted = desk.last_of_each("property", properties)
    known = await desk.all_of(tx, "property")
    taken = {one.code: one for one in await catalog.list_attributes(tx)}
    for external_id, prop in wanted.items():
        digest = digest_of(prop.name, prop.kind, prop.values, prop.for_offers)
        before = known.get(external_id)
        if before is not None and before.digest == digest:
            desk.counts["unchanged"] += 1
            continue
        kind = KINDS.get(prop.kind, catalog.AttributeKind.TEXT)
        code = _code_of(prop.name)
        attribute = catalog.Attribute(
            id=before.internal_id if before else new_id(now),
            code=code if code not in taken or before else f"{code}-{external_id[:8].lower()}",
            name=desk.named(prop.name),
            kind=kind,
            is_facet=kind is catalog.AttributeKind.CHOICE or prop.for_offers,
        )
        result = await catalog.save_attributes(tx, attributes=[attribute], now=now)
        saved = log_result(
            desk, "property", result, {attribute.id: external_id}, {external_id: prop.name}
        )
        if external_id not in saved:
            continue
        taken[attribute.code] = attribute
        details = {"kind": str(kind), "code": before.details["code"] if before else attribute.code}
        reference = NewReference(external_id, attribute.id, digest, details)
        await desk.keep(tx, "property", [reference])
        await _save_choices(tx, desk, prop, attribute.id, now=now)


async def _save_choices(
    tx: Transaction, desk: Desk, prop: Property, attribute_id: UUID, *, now: datetime
) -> None:
    values = {f"{prop.external_id}/{key}": value for key, value in prop.values}
    if not values:
        return
    known = await desk.known(tx, "choice", values)
    ids = {one: known[one].internal_id if one in known else new_id(now) for one in values}
    await catalog.save_choices(
        tx,
        choices=[
            catalog.AttributeChoice(
                id=ids[one], attribute_id=attribute_id, name=desk.named(value), position=place
            )
            for place, (one, value) in enumerate(values.items())
        ],
        now=now,
    )
    await desk.keep(
        tx,
        "choice",
        [NewReference(one, ids[one], None, {"name": value}) for one, value in values.items()],
    )


async def ensure_characteristics(
    tx: Transaction, desk: Desk, names: Iterable[str], *, now: datetime
) -> dict[str, str]:
    """Give the attribute code of each characteristic's name, making attributes as needed."""
    known = await desk.all_of(tx, "characteristic")
    missing = {requisite_key(name): name for name in names if requisite_key(name) not in known}
    if missing:
        present = {one.code: one for one in await catalog.list_attributes(tx)}
        for key, name in missing.items():
            code = _code_of(name)
            attribute = present.get(code)
            if attribute is None:
                attribute = catalog.Attribute(
                    id=new_id(now), code=code, name=desk.named(name), is_facet=True
                )
                await catalog.save_attributes(tx, attributes=[attribute], now=now)
                present[code] = attribute
            reference = NewReference(key, attribute.id, None, {"code": attribute.code})
            await desk.keep(tx, "characteristic", [reference])
        known = await desk.all_of(tx, "characteristic")
    return {key: reference.details["code"] for key, reference in known.items()}


async def ensure_price_types(
    tx: Transaction, desk: Desk, types: Sequence[PriceType], *, now: datetime
) -> dict[str, Reference]:
    """Make a price list for each new type; give all known.

    One type is everybody's: the connection's, else the first with a retail name, else the first.
    Lists of the others are made inactive: a person says whom purchase or wholesale prices are for.
    """
    known = await desk.all_of(tx, "price_type")
    wanted = {one.external_id: one for one in types}
    for external_id, price_type in wanted.items():
        before = known.get(external_id)
        named = before is not None and (
            price_type.name == external_id or before.details.get("name") == price_type.name
        )
        if named:
            continue
        currency = price_type.currency or desk.connection.currency
        if currency != desk.connection.currency:
            _refuse_currency(desk, price_type)
            continue
        is_base = await _is_base(tx, desk, price_type, len(known))
        price_list = pricing.PriceList(
            id=before.internal_id if before else new_id(now),
            code=f"{desk.connection.code}-{_code_of(price_type.name)[:40]}-{external_id[-6:]}",
            name=desk.named(price_type.name),
            market=desk.connection.market,
            currency=currency,
            is_active=is_base,
        )
        if before is not None:
            held = {one.id: one for one in await pricing.list_price_lists(tx)}
            price_list = replace(held[before.internal_id], name=price_list.name)
        try:
            await pricing.save_price_lists(tx, price_lists=[price_list], now=now)
        except HansaError as error:
            desk.refuse("price_type", external_id, error, title=price_type.name)
            continue
        desk.note(
            "price_type",
            Action.CHANGED if before else Action.CREATED,
            external_id=external_id,
            internal_id=price_list.id,
            title=price_type.name,
            code="" if price_list.is_active else "erp.price_type_inactive",
            reason=""
            if price_list.is_active
            else "Prices of this type are kept but shown to nobody until its price list is active.",
        )
        details = {"name": price_type.name, "currency": price_list.currency}
        await desk.keep(tx, "price_type", [NewReference(external_id, price_list.id, None, details)])
    return await desk.all_of(tx, "price_type")


def _refuse_currency(desk: Desk, price_type: PriceType) -> None:
    desk.note(
        "price_type",
        Action.REFUSED,
        external_id=price_type.external_id,
        title=price_type.name,
        code="erp.other_currency",
        reason=f"The shop sells in {desk.connection.currency}, not in {price_type.currency}.",
    )


async def _is_base(tx: Transaction, desk: Desk, price_type: PriceType, present: int) -> bool:
    base = desk.connection.base_price_type
    if base is not None:
        return base in {price_type.external_id, price_type.name}
    if present and not looks_retail(price_type.name):
        return False
    desk.connection = replace(desk.connection, base_price_type=price_type.external_id)
    await tx.execute(
        exchange_sql.SET_BASE_PRICE_TYPE,
        {"id": desk.connection.id, "price_type": price_type.external_id},
    )
    return True


def retail_first(types: Sequence[PriceType]) -> list[PriceType]:
    """Put types with a retail name first, so that one of them becomes everybody's."""
    return sorted(types, key=lambda one: not looks_retail(one.name))


async def ensure_warehouses(
    tx: Transaction, desk: Desk, warehouses: Sequence[Warehouse], *, now: datetime
) -> dict[str, Reference]:
    """Make a warehouse for each new id, rename known ones; give all known.

    A new one sells in the connection's channel, or waits inactive if the connection says so.
    """
    known = await desk.all_of(tx, "warehouse")
    held: dict[UUID, stock.Warehouse] | None = None
    for one in {each.external_id: each for each in warehouses}.values():
        before = known.get(one.external_id)
        unnamed = one.name == one.external_id
        digest = digest_of(one.name, one.address, one.deleted)
        if before is not None and (unnamed or before.digest == digest):
            continue
        if held is None:
            held = {each.id: each for each in await stock.list_warehouses(tx)}
        if before is not None and before.internal_id in held:
            warehouse = replace(
                held[before.internal_id],
                name=desk.named(one.name),
                address=one.address or held[before.internal_id].address,
            )
        else:
            warehouse = stock.Warehouse(
                id=new_id(now),
                code=f"{desk.connection.code}-{one.external_id or 'main'}"[:80],
                name=desk.named(one.name),
                address=one.address or "",
                is_active=desk.connection.activates_warehouses,
                channels=(desk.connection.channel,),
                position=len(known),
            )
        await stock.save_warehouses(tx, warehouses=[warehouse], now=now)
        held[warehouse.id] = warehouse
        desk.note(
            "warehouse",
            Action.CHANGED if before else Action.CREATED,
            external_id=one.external_id,
            internal_id=warehouse.id,
            title=one.name,
        )
        kept = None if unnamed else digest
        await desk.keep(tx, "warehouse", [NewReference(one.external_id, warehouse.id, kept)])
    return await desk.all_of(tx, "warehouse")


async def default_warehouse(tx: Transaction, desk: Desk, *, now: datetime) -> UUID:
    """Give the warehouse of stock that is not divided; made when there is none."""
    if desk.connection.default_warehouse_id is not None:
        return desk.connection.default_warehouse_id
    main = Warehouse("", "Основной склад")
    known = await ensure_warehouses(tx, desk, [main], now=now)
    desk.connection = replace(desk.connection, default_warehouse_id=known[""].internal_id)
    await tx.execute(
        exchange_sql.SET_DEFAULT_WAREHOUSE,
        {"id": desk.connection.id, "warehouse_id": known[""].internal_id},
    )
    return known[""].internal_id


def _code_of(name: str) -> str:
    return _CODES.get(requisite_key(name)) or catalog.slug_of({"ru": name})


def log_result(
    desk: Desk,
    kind: str,
    result: catalog.SaveResult,
    external: dict[UUID, str],
    titles: dict[str, str],
) -> set[str]:
    """Log what became of a batch; give the outside ids of what is saved now."""
    for action, ids in ((Action.CREATED, result.created), (Action.CHANGED, result.changed)):
        for one in ids:
            desk.note(
                kind,
                action,
                external_id=external[one],
                internal_id=one,
                title=titles.get(external[one], ""),
            )
    desk.counts["unchanged"] += len(result.unchanged)
    refused = set()
    for refusal in result.refused:
        external_id = external[refusal.id]
        refused.add(external_id)
        desk.refuse(kind, external_id, refusal.error, title=titles.get(external_id, ""))
    return set(external.values()) - refused
