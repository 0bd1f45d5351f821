"""What must always hold of lots and receipts, compared with the ledger's books."""

from collections.abc import Iterator
from uuid import UUID

from hansa.modules import ledger
from hansa.modules.loyalty.members import BUCKETS
from hansa.modules.loyalty.points import model
from hansa.modules.loyalty.points.locating import receipt_of
from hansa.modules.loyalty.points.model import KeptReceipt
from hansa.modules.loyalty.points.store import checking as sql
from hansa.modules.loyalty.points.store import moving
from hansa.runtime.database import Row, Snapshot
from hansa.runtime.module import Check, Finding

FINDINGS_MAX = 100
PAGE = 2_000


async def lots_are_the_books(snap: Snapshot) -> list[Finding]:
    """Every lot is the sum of its transfers, every account the sum of its lots."""
    findings: list[Finding] = []
    for bucket in range(BUCKETS):
        books = await ledger.read_bucket(snap, bucket=bucket)
        lots = await snap.all(sql.LOTS_OF_BUCKET, {"bucket": bucket})
        for subject, message in _faults(books, lots):
            findings.append(Finding(check="loyalty.lots", subject=subject, message=message))
        if len(findings) >= FINDINGS_MAX:
            break
    return findings[:FINDINGS_MAX]


def _faults(books: ledger.BucketBooks, lots: list[Row]) -> Iterator[tuple[str, str]]:
    sums: dict[int, list[int]] = {}
    seen: set[UUID] = set()
    for lot in lots:
        seen.add(lot.id)
        tagged = books.tags.get(lot.id)
        moved = tagged.amount if tagged else 0
        if moved != lot.remaining:
            yield f"lot {lot.id}", f"has {lot.remaining} left, its transfers sum to {moved}"
        if tagged and (tagged.account_id, tagged.issuer) != (lot.account_id, lot.issuer):
            yield f"lot {lot.id}", "its transfers are of another account or issuer"
        held = books.held.get(lot.id, 0)
        if held != lot.held:
            yield f"lot {lot.id}", f"says {lot.held} held, open holds have {held} of it"
        of_account = sums.setdefault(lot.account_id, [0, 0, 0])
        of_account[0] += lot.remaining
        of_account[1] += lot.held
        of_account[2] += max(0, lot.held - lot.remaining)
    for tag, tagged in books.tags.items():
        if tag not in seen and tagged.amount:
            yield f"lot {tag}", f"is missing, its transfers sum to {tagged.amount}"
    for account_id, (posted, held, owed) in books.accounts.items():
        remaining = tuple(sums.get(account_id, (0, 0, 0)))
        if remaining != (posted, held, owed):
            told = "lots say {} left, {} held, {} owed; the account {}, {}, {}"
            yield f"account {account_id}", told.format(*remaining, posted, held, owed)


async def receipts_add_up(snap: Snapshot) -> list[Finding]:
    """No receipt gives back more than was bought, restores more than was spent, earns twice."""
    findings: list[Finding] = []
    place: tuple[UUID, str] = (UUID(int=0), "")
    while len(findings) < FINDINGS_MAX:
        rows = await snap.all(
            sql.RECEIPTS_PAGE, {"partner_id": place[0], "receipt": place[1], "limit": PAGE}
        )
        for row in rows:
            for message in _faults_of_receipt(receipt_of(row)):
                subject = f"receipt {row.receipt} of partner {row.partner_id}"
                findings.append(Finding(check="loyalty.receipts", subject=subject, message=message))
        if len(rows) < PAGE:
            break
        place = (rows[-1].partner_id, rows[-1].receipt)
    return findings[:FINDINGS_MAX]


def _faults_of_receipt(kept: KeptReceipt) -> Iterator[str]:
    content = kept.content
    for one in content.lines:
        if not 0 <= one.returned_minor <= one.amount_minor:
            yield f"line {one.line}: {one.returned_minor} came back of {one.amount_minor}"
        if not 0 <= one.returned_quantity <= one.quantity:
            yield f"line {one.line}: {one.returned_quantity} came back of {one.quantity}"
    for spend in content.spends:
        if not 0 <= spend.restored <= spend.points:
            yield f"lot {spend.lot_id}: {spend.restored} were restored of {spend.points}"
    if any(award.points < 0 for award in content.awards):
        yield "an award is below zero"
    earned = sum(one.points for one in content.earnings)
    awarded = sum(award.points for award in content.awards)
    if awarded > earned:
        yield f"{awarded} points were given, its lines earn {earned}"


async def transit_is_on_its_way(snap: Snapshot) -> list[Finding]:
    """The account of transit holds what has left and not arrived yet; nothing of it else."""
    findings = []
    for row in await snap.all(moving.TRANSIT, {}):
        balances = await ledger.read_rolled(
            snap, ledger=row.ledger, accounts=[model.TRANSIT_ACCOUNT]
        )
        held = balances[model.TRANSIT_ACCOUNT]
        if held != row.points:
            message = f"holds {held} points, {row.points} are on their way"
            subject = f"transit of ledger {row.ledger}"
            findings.append(Finding(check="loyalty.transit", subject=subject, message=message))
    return findings


CHECKS = (
    Check(area="loyalty", name="Lots are what the ledger says", run=lots_are_the_books),
    Check(area="loyalty", name="Receipts add up", run=receipts_add_up),
    Check(area="loyalty", name="Nothing is lost on its way", run=transit_is_on_its_way),
)
