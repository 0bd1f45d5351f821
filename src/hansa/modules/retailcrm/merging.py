"""Merges of customers, replayed on the other side."""

from hansa.modules import parties
from hansa.modules.retailcrm.client import CrmRefused, is_missing
from hansa.modules.retailcrm.model import Arrival, Kind, Link, Outgoing
from hansa.modules.retailcrm.side import Side
from hansa.modules.retailcrm.store import links, queues
from hansa.runtime.database import Transaction


async def replay_merge(side: Side, arrival: Arrival) -> None:
    """Merge here whom a manager merged in the CRM."""
    connection_id, now = side.connection.id, side.now
    kept_id = arrival.other_crm_id or 0
    async with side.context.database.transaction() as tx:
        known = await links.links_of_crm(
            tx, connection_id, Kind.CUSTOMER, [arrival.crm_id, kept_id]
        )
        gone, kept = known.get(arrival.crm_id), known.get(kept_id)
        await queues.remove_arrival(tx, connection_id, Kind.MERGE, arrival.crm_id)
        await queues.close_refusals(
            tx, connection_id, kind=Kind.CUSTOMER, crm_id=arrival.crm_id, now=now
        )
        if gone is None:
            return
        if kept is None:
            link = Link(kind=Kind.CUSTOMER, internal_id=gone.internal_id, crm_id=kept_id)
            await links.save_link(tx, connection_id, link, now=now)
            await queues.mark(tx, connection_id, Kind.CUSTOMER, [gone.internal_id], now=now)
            return
        await _merge(tx, side, kept=kept, gone=gone)
        await links.remove_link(tx, connection_id, Kind.CUSTOMER, gone.internal_id)
        await queues.mark(tx, connection_id, Kind.CUSTOMER, [kept.internal_id], now=now)


async def _merge(tx: Transaction, side: Side, *, kept: Link, gone: Link) -> None:
    standing = await parties.resolve(tx, party_ids=[kept.internal_id, gone.internal_id])
    keep, absorb = standing[kept.internal_id], standing[gone.internal_id]
    if keep == absorb:
        return
    try:
        await parties.merge_parties(tx, keep=keep, absorb=absorb, by=None, now=side.now)
    except (parties.MergeImpossible, parties.AlreadyMerged) as refusal:
        await queues.add_refusal(
            tx,
            side.connection.id,
            kind=Kind.CUSTOMER,
            crm_id=gone.crm_id,
            internal_id=keep,
            code="merge_refused",
            message="Customers {first} and {second} were merged in RetailCRM, but not here: "
            "{reason}",
            facts={
                "first": str(kept.crm_id),
                "second": str(gone.crm_id),
                "reason": str(refusal),
            },
            now=side.now,
        )


async def send_merge(side: Side, row: Outgoing) -> None:
    """Merge in the CRM whom we merged here; `subject_id` was absorbed by `other_id`."""
    connection_id, now = side.connection.id, side.now
    assert row.other_id is not None, "a merge is of two"
    async with side.context.database.transaction() as tx:
        standing = await parties.resolve(tx, party_ids=[row.other_id])
        keep_id = standing.get(row.other_id, row.other_id)
        known = await links.links_of(tx, connection_id, Kind.CUSTOMER, [row.subject_id, keep_id])
        gone, kept = known.get(row.subject_id), known.get(keep_id)
        if gone is None or kept is None:
            if gone is not None:
                await links.move_link(
                    tx, connection_id, Kind.CUSTOMER, source=row.subject_id, target=keep_id
                )
            await queues.mark(tx, connection_id, Kind.CUSTOMER, [keep_id], now=now)
            await queues.finish(tx, connection_id, row)
            return
        intent = {"combine": gone.crm_id, "into": kept.crm_id}
        await queues.intend(tx, connection_id, Kind.MERGE, [row.subject_id], intent)
    try:
        await side.crm.combine_customers(keep=kept.crm_id, absorb=gone.crm_id)
    except CrmRefused as refusal:
        present = await side.crm.by_ids("customers", [gone.crm_id, kept.crm_id])
        # The absorbed one is gone: an answer of ours got lost, or a manager was faster.
        if not is_missing(refusal) or gone.crm_id in present or kept.crm_id not in present:
            raise
    async with side.context.database.transaction() as tx:
        await links.remove_link(tx, connection_id, Kind.CUSTOMER, row.subject_id)
        await queues.mark(tx, connection_id, Kind.CUSTOMER, [keep_id], now=now)
        await queues.finish(tx, connection_id, row)
