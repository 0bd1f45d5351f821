"""Reads of programmes and partners."""

from datetime import datetime
from uuid import UUID

from hansa.modules.loyalty.programmes import store
from hansa.modules.loyalty.programmes.model import (
    Billing,
    Coalition,
    Participation,
    Partner,
    Programme,
    ReturnPolicy,
    SettleAt,
    Terms,
    TermsVersion,
)
from hansa.runtime.database import Row, Snapshot


async def read_coalition(snap: Snapshot, *, now: datetime) -> Coalition:
    """Give all programmes, partners and terms."""
    programmes = {row.id: _programme(row) for row in await snap.all(store.LIST_PROGRAMMES)}
    partners = {row.id: Partner(**row._asdict()) for row in await snap.all(store.LIST_PARTNERS)}
    agreed = [_participation(row) for row in await snap.all(store.LIST_PARTICIPATIONS)]
    terms = {
        (one.programme_id, one.partner_id): Terms(
            programme=programmes[one.programme_id],
            partner=partners[one.partner_id],
            participation=one,
        )
        for one in agreed
    }
    return Coalition(programmes=programmes, partners=partners, terms=terms, read_at=now)


async def list_terms_versions(snap: Snapshot, *, programme_id: UUID) -> list[TermsVersion]:
    """Give what each partner of a programme agreed to from when on, the oldest first."""
    rows = await snap.all(store.LIST_TERMS_VERSIONS, {"programme_id": programme_id})
    return [TermsVersion(**{**row._asdict(), "billing": Billing(row.billing)}) for row in rows]


def _programme(row: Row) -> Programme:
    fields = row._asdict()
    fields["settle_at"] = SettleAt(row.settle_at)
    fields["return_policy"] = ReturnPolicy(row.return_policy)
    return Programme(**fields)


def _participation(row: Row) -> Participation:
    fields = row._asdict()
    fields["billing"] = Billing(row.billing)
    fields["return_policy"] = ReturnPolicy(row.return_policy) if row.return_policy else None
    return Participation(**fields)
