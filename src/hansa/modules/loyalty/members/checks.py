"""The invariants of members, proven by reading (`hansa check loyalty`)."""

from typing import LiteralString
from uuid import UUID

from hansa.modules import ledger
from hansa.modules.loyalty.members.store import checking
from hansa.runtime.database import Snapshot
from hansa.runtime.module import Check, Finding

AREA = "loyalty"
FINDINGS_MAX = 100
SLICE = 2_000
_NOBODY = UUID(int=0)


def _check(name: str, statement: LiteralString, message: str) -> Check:
    async def run(snap: Snapshot) -> list[Finding]:
        rows = await snap.all(statement, {"limit": FINDINGS_MAX})
        return [
            Finding(
                check=name,
                subject=", ".join(f"{column} {value}" for column, value in row._asdict().items()),
                message=message,
            )
            for row in rows
        ]

    return Check(area=AREA, name=name, run=run)


async def _accounts(snap: Snapshot) -> list[Finding]:
    found: list[Finding] = []
    after = {"bucket": -1, "member_id": _NOBODY, "programme_id": _NOBODY, "limit": SLICE}
    while len(found) < FINDINGS_MAX:
        rows = await snap.all(checking.MEMBERSHIPS_AFTER, after)
        if not rows:
            break
        places = {(row.bucket, row.account_id) for row in rows}
        known = await ledger.read_balances(snap, places=places)
        found += [
            Finding(
                check="loyalty.accounts",
                subject=f"member {row.member_id}, account {row.account_id}",
                message="A membership has no account of points in the ledger.",
            )
            for row in rows
            if (row.bucket, row.account_id) not in known
        ]
        last = rows[-1]._asdict()
        after |= {name: last[name] for name in ("bucket", "member_id", "programme_id")}
    return found[:FINDINGS_MAX]


CHECKS = (
    Check(area=AREA, name="loyalty.accounts", run=_accounts),
    _check("loyalty.names", checking.ALIKE, "A name belongs to two members."),
    _check(
        "loyalty.owners",
        checking.OF_NOBODY,
        "A name belongs to a member who was merged, erased or has left for good.",
    ),
    _check(
        "loyalty.merged_members",
        checking.MERGED_INTO_NOBODY,
        "A merged member leads to nobody.",
    ),
    _check(
        "loyalty.merged_memberships",
        checking.MERGED_MEMBERSHIPS,
        "A merged membership leads to none, or its member was not merged.",
    ),
    _check(
        "loyalty.blocked",
        checking.BLOCKED_IN_PART,
        "A membership is active though its member is not.",
    ),
    _check(
        "loyalty.cards",
        checking.CARDS_WITHOUT_NAME,
        "A card in use names nobody, or a name is no card in use.",
    ),
    _check(
        "loyalty.erased",
        checking.KNOWN_THOUGH_ERASED,
        "Something that named an erased member is still kept.",
    ),
)
