"""Where partners stand now: what is left of their blocks, what is not settled, what they owe.

Everything is read of balances that the ledger keeps rolled up: no history is added up for it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from hansa.contracts.loyalty import BlockLow, ExposureHigh
from hansa.kernel.identifiers import new_id
from hansa.modules import ledger
from hansa.modules.loyalty import points
from hansa.modules.loyalty.programmes import Billing, Coalition, Programme, SettleAt, Terms
from hansa.modules.loyalty.settlement import blocks, clearing, closing, rows
from hansa.modules.loyalty.settlement.model import Alert, AlertKind, Standing, WhenExhausted
from hansa.modules.loyalty.settlement.store import blocks as sql
from hansa.runtime.database import Snapshot, Transaction

_MOMENT = timedelta(microseconds=1)


def partners_of(coalition: Coalition, programme: Programme) -> list[Terms]:
    """Give those who take part in a programme, by number."""
    found = [one for one in coalition.terms.values() if one.programme.id == programme.id]
    return sorted(found, key=lambda one: one.partner.number)


async def read_standings(
    snap: Snapshot, *, coalition: Coalition, programme: Programme, now: datetime
) -> list[Standing]:
    """Give where every partner of a programme stands, by number.

    Not settled yet is what was issued since the last closing; where partners owe when points are
    spent, also what was issued before and is still out then.
    """
    agreed = partners_of(coalition, programme)
    wanted = [
        account
        for one in agreed
        for account in (
            points.issued_account(one.partner.number),
            points.written_off_account(one.partner.number),
        )
    ]
    rolled = await ledger.read_rolled(snap, ledger=programme.number, accounts=wanted)
    money = await clearing.read_money(
        snap, programme=programme, partners=[one.partner.number for one in agreed]
    )
    found = await snap.all(
        sql.PREPAID, {"programme_id": programme.id, "begins_at": now + _MOMENT, "ends_at": None}
    )
    prepaid = {row.partner_id: row for row in found}
    last = await closing.last_closing(snap, programme_id=programme.id, by=now)
    standings = []
    for one in agreed:
        number = one.partner.number
        ever = -(rolled[points.issued_account(number)] + rolled[points.written_off_account(number)])
        row = prepaid.get(one.partner.id)
        is_prepaid = one.participation.billing is Billing.PREPAID
        exposure = ever
        if last is not None:
            closed = last.issuer(number)
            exposure -= closed.issued_ever
            if programme.settle_at is SettleAt.REDEMPTION:
                exposure += closed.points.closing
        paid, before = (row.at_begin, row.issued_before) if row else (0, ever)
        standings.append(
            Standing(
                programme_id=programme.id,
                partner_id=one.partner.id,
                issued_ever=ever,
                left=paid - max(0, ever - before) if is_prepaid else None,
                exposure=None if is_prepaid else exposure,
                limit_points=one.participation.alert_points,
                balance_minor=money[number].balance_minor,
                is_stopped=row is not None and row.stopped_at is not None,
            )
        )
    return standings


async def read_standing(
    snap: Snapshot, *, coalition: Coalition, terms: Terms, now: datetime
) -> tuple[Standing, int]:
    """Give where one partner stands in a programme, and how many points it has ever taken."""
    found = await read_standings(snap, coalition=coalition, programme=terms.programme, now=now)
    account = points.spent_account(terms.partner.number)
    rolled = await ledger.read_rolled(snap, ledger=terms.programme.number, accounts=[account])
    [mine] = [one for one in found if one.partner_id == terms.partner.id]
    return mine, rolled[account]


async def watch(
    tx: Transaction, *, coalition: Coalition, programme: Programme, now: datetime
) -> None:
    """Open and close alerts as partners stand; stop earning where blocks are used up, if said."""
    rule = await closing.read_rule(tx, programme_id=programme.id)
    for one in await read_standings(tx, coalition=coalition, programme=programme, now=now):
        passed = one.alerts()
        await tx.execute(
            sql.CLOSE_ALERTS,
            {
                "programme_id": one.programme_id,
                "partner_id": one.partner_id,
                "kinds": [kind.value for kind in passed],
                "now": now,
            },
        )
        for kind, count in passed.items():
            await _open(tx, one, kind, count, now=now)
        terms = coalition.terms[one.programme_id, one.partner_id]
        if (
            AlertKind.BLOCK_EMPTY in passed
            and rule.when_exhausted is WhenExhausted.STOP
            and terms.participation.earns
        ):
            await blocks.stop_earning(tx, terms=terms, by=None, now=now)


async def _open(
    tx: Transaction, standing: Standing, kind: AlertKind, count: int, *, now: datetime
) -> None:
    limit = standing.limit_points or 0
    opened = await tx.execute(
        sql.OPEN_ALERT,
        {
            "id": new_id(now),
            "programme_id": standing.programme_id,
            "partner_id": standing.partner_id,
            "kind": kind.value,
            "points": count,
            "limit_points": limit,
            "now": now,
        },
    )
    if not opened:
        return
    if kind is AlertKind.EXPOSURE_HIGH:
        await tx.publish(
            ExposureHigh(
                programme_id=standing.programme_id,
                partner_id=standing.partner_id,
                points=count,
                limit_points=limit,
                noticed_at=now,
            )
        )
        return
    await tx.publish(
        BlockLow(
            programme_id=standing.programme_id,
            partner_id=standing.partner_id,
            points_left=count,
            limit_points=limit,
            noticed_at=now,
        )
    )


async def list_alerts(snap: Snapshot, *, limit: int) -> Sequence[Alert]:
    """Give the limits that are passed, the latest first."""
    return [rows.alert_of(row) for row in await snap.all(sql.LIST_ALERTS, {"limit": limit})]
