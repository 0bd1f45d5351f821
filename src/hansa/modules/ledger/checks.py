"""The invariants of the ledger, proven by reading all of it."""

from collections.abc import Awaitable, Callable
from typing import LiteralString
from uuid import UUID

from hansa.modules.ledger import model
from hansa.modules.ledger.model import Transfer
from hansa.modules.ledger.queries import transfers_of
from hansa.modules.ledger.rolling import digest_of_period
from hansa.modules.ledger.store import checking as sql
from hansa.runtime.database import Row, Snapshot
from hansa.runtime.module import Check, Finding

FINDINGS_MAX = 100
CHAIN_PAGE = 200


def _looking(
    code: str,
    statement: LiteralString,
    subject: Callable[[Row], str],
    message: Callable[[Row], str],
) -> Callable[[Snapshot], Awaitable[list[Finding]]]:
    async def look(snap: Snapshot) -> list[Finding]:
        rows = await snap.all(statement, {"limit": FINDINGS_MAX})
        return [
            Finding(check=f"ledger.{code}", subject=subject(row), message=message(row))
            for row in rows
        ]

    return look


def _account(row: Row) -> str:
    return f"account {row.bucket}/{row.id}"


async def chain_is_whole(snap: Snapshot) -> list[Finding]:
    """Every numbered batch holds the postings it says, and follows from the one before."""
    findings: list[Finding] = []
    after, chain = 0, b""
    while len(findings) < FINDINGS_MAX:
        batches = await snap.all(sql.CHAIN_PAGE, {"after": after, "limit": CHAIN_PAGE})
        if not batches:
            return findings
        digests = await _digests(snap, batches)
        for batch in batches:
            chain = model.next_link(chain, batch.number, digests.get(batch.id, b""))
            if bytes(batch.digest) != digests.get(batch.id) or bytes(batch.chain) != chain:
                message = "its postings or their order are not what was recorded"
                findings.append(
                    Finding(check="ledger.chain", subject=f"batch {batch.number}", message=message)
                )
                chain = bytes(batch.chain)
        after = batches[-1].number
    return findings


async def _digests(snap: Snapshot, batches: list[Row]) -> dict[UUID, bytes]:
    rows = await snap.all(
        sql.POSTINGS_OF_BATCHES,
        {
            "ids": [batch.id for batch in batches],
            "first_at": min(batch.recorded_at for batch in batches),
            "last_at": max(batch.recorded_at for batch in batches),
        },
    )
    moved = await transfers_of(snap, postings=[(row.bucket, row.id) for row in rows])
    kept: dict[UUID, list[model.Posting]] = {}
    for row in rows:
        kept.setdefault(row.batch_id, []).append(_posting(row, moved[row.id]))
    return {batch_id: model.digest_of(postings) for batch_id, postings in kept.items()}


def _posting(row: Row, transfers: list[Transfer]) -> model.Posting:
    return model.Posting(
        bucket=row.bucket,
        id=row.id,
        owner=row.id,
        key="",
        fingerprint=bytes(row.fingerprint),
        ledger=0,
        kind=row.kind,
        effective_at=model.NO_INSTANT,
        transfers=transfers,
    )


async def periods_are_sealed(snap: Snapshot) -> list[Finding]:
    """What was recorded in a closed period is what it was when it was closed."""
    findings = []
    for row in await snap.all(sql.SEALED_PERIODS):
        digest, postings = await digest_of_period(
            snap, ledger=row.ledger, begins_at=row.begins_at, ends_at=row.ends_at
        )
        if digest != bytes(row.digest) or postings != row.postings:
            message = f"{postings} postings now, {row.postings} when it was closed, or other ones"
            findings.append(
                Finding(
                    check="ledger.periods",
                    subject=f"ledger {row.ledger} from {row.begins_at:%Y-%m-%d}",
                    message=message,
                )
            )
    return findings


_STATEMENTS: tuple[
    tuple[str, str, LiteralString, Callable[[Row], str], Callable[[Row], str]], ...
] = (
    (
        "Every ledger sums to zero",
        "sum",
        sql.UNBALANCED_LEDGERS,
        lambda row: f"ledger {row.ledger}",
        lambda row: f"its accounts sum to {row.off} instead of 0",
    ),
    (
        "Balances are the sums of their entries",
        "balances",
        sql.BALANCE_OFF_ENTRIES,
        _account,
        lambda row: (
            f"has {row.posted} at version {row.version}; {row.count} entries sum to {row.entries}, "
            f"the last is version {row.last_version} with {row.last_balance}"
        ),
    ),
    (
        "Running balances follow each other",
        "running",
        sql.RUNNING_BALANCES_OFF,
        lambda row: f"account {row.bucket}/{row.account_id} version {row.version}",
        lambda row: f"says {row.balance}, its entries up to there sum to {row.expected}",
    ),
    (
        "Entries are what transfers did",
        "entries",
        sql.ENTRIES_OFF_TRANSFERS,
        lambda row: f"posting {row.posting_id} on account {row.bucket}/{row.account_id}",
        lambda row: f"the entry says {row.entry}, the transfers {row.transfers}",
    ),
    (
        "Accounts without a floor are the sums of their transfers",
        "rolled",
        sql.ROLLED_OFF_TRANSFERS,
        lambda row: f"account {row.account} of ledger {row.ledger}",
        lambda row: f"rolled up to {row.rolled}, transfers sum to {row.transfers}",
    ),
    (
        "No account is below its floor",
        "floor",
        sql.BELOW_FLOOR,
        _account,
        lambda row: f"posted {row.posted}, held {row.held}, owed {row.owed}, floor {row.floor}",
    ),
    (
        "What is held is what open holds set aside",
        "held",
        sql.HELD_OFF_HOLDS,
        _account,
        lambda row: f"says {row.held}, its open holds sum to {row.holds}",
    ),
    (
        "Holds are made of their parts",
        "holds",
        sql.HOLDS_OFF_TAGS,
        lambda row: f"hold {row.id}",
        lambda row: f"is for {row.amount}, its parts sum to something else",
    ),
    (
        "Reversals stay below their originals",
        "reversals",
        sql.REVERSED_ABOVE_ORIGINAL,
        lambda row: f"posting {row.reverses}",
        lambda row: f"{row.reversed} were taken back of {row.original} (tag {row.tag})",
    ),
    (
        "Every transfer belongs to a posting",
        "orphans",
        sql.TRANSFERS_WITHOUT_POSTING,
        lambda row: f"posting {row.posting_id}",
        lambda _: "has transfers, but is missing or was refused",
    ),
    (
        "Every posting belongs to its batch",
        "batches",
        sql.POSTINGS_OFF_BATCHES,
        lambda row: f"batch {row.id}",
        lambda row: f"says {row.postings} postings, {row.found} are there",
    ),
)

CHECKS = (
    *(
        Check(area="ledger", name=name, run=_looking(code, statement, subject, message))
        for name, code, statement, subject, message in _STATEMENTS
    ),
    Check(
        area="ledger",
        name="Numbers of batches have no gap",
        run=_looking(
            "numbers",
            sql.NUMBER_GAPS,
            lambda row: f"chain at {row.last}",
            lambda row: f"{row.numbered} batches have a number, the highest is {row.highest}",
        ),
    ),
    Check(area="ledger", name="The chain of batches is whole", run=chain_is_whole),
    Check(area="ledger", name="Closed periods are as they were", run=periods_are_sealed),
)
