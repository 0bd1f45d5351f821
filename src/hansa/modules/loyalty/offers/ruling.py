"""Earning rules and budgets of campaigns: written by staff, in force from then on."""

from datetime import datetime
from uuid import UUID

import msgspec

from hansa.modules import accounts
from hansa.modules.loyalty.offers.audiences import check_audience
from hansa.modules.loyalty.offers.budgets import save_budget
from hansa.modules.loyalty.offers.model import EarningRule
from hansa.modules.loyalty.offers.moderation import NoSuchRule, OfferCodeTaken, check_rule
from hansa.modules.loyalty.offers.rulebook import rule_of
from hansa.modules.loyalty.offers.store import directory as store
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

_COLUMNS = (
    "id", "version", "programme_id", "partner_id", "code", "in_force_from", "in_force_until",
)  # fmt: skip


async def save_rule(
    tx: Transaction, *, rule: EarningRule, by: Actor | None, now: datetime
) -> EarningRule:
    """Make an earning rule or a new version of one, in force from now on.

    What was bought before is judged by the version of its time.

    Raises:
        OfferInvalid, OfferAudienceUnknown, OfferCodeTaken: as their names say.
    """
    check_rule(rule)
    await tx.execute(store.CHANGE)
    key = {"id": rule.id, "programme_id": rule.programme_id, "code": rule.code}
    if await tx.maybe(store.RULE_OF_CODE, key) is not None:
        raise OfferCodeTaken(rule.code)
    before = await tx.maybe(store.LIST_RULE_VERSIONS, {"id": rule.id, "limit": 1})
    held = None if before is None else rule_of(before).targeting
    await check_audience(tx, targeting=rule.targeting, before=held)
    await tx.execute(store.CLOSE_RULE, {"id": rule.id, "now": now})
    content = _rule_content(rule)
    await tx.execute(
        store.ADD_RULE,
        key
        | {
            "partner_id": rule.partner_id,
            "content": msgspec.json.encode(content).decode(),
            "by": None if by is None else by.id,
            "now": now,
        },
    )
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.save_rule",
        subject_kind="loyalty_rule",
        subject_id=rule.id,
        before=None if before is None else dict(before.content),
        after=content,
        now=now,
    )
    return rule_of(await tx.one(store.LIST_RULE_VERSIONS, {"id": rule.id, "limit": 1}))


async def end_rule(tx: Transaction, *, rule_id: UUID, by: Actor | None, now: datetime) -> None:
    """Take an earning rule out of force from now on.

    Raises:
        NoSuchRule: none of this number is in force.
    """
    await tx.execute(store.CHANGE)
    if not await tx.execute(store.CLOSE_RULE, {"id": rule_id, "now": now}):
        raise NoSuchRule(rule_id)
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.end_rule",
        subject_kind="loyalty_rule",
        subject_id=rule_id,
        now=now,
    )


async def set_budget(
    tx: Transaction,
    *,
    campaign_id: UUID,
    programme_id: UUID,
    total: int,
    by: Actor | None,
    now: datetime,
) -> None:
    """Set what a campaign of rules may give in all; an offer's budget is part of what is approved.

    Raises:
        BudgetTooSmall: more than that is lent out.
    """
    await tx.execute(store.CHANGE)
    await save_budget(tx, campaign_id=campaign_id, programme_id=programme_id, total=total, now=now)
    await accounts.record(
        tx,
        actor=by,
        action="loyalty.set_budget",
        subject_kind="loyalty_budget",
        subject_id=campaign_id,
        after={"total": total},
        now=now,
    )


def _rule_content(rule: EarningRule) -> dict[str, object]:
    fields: dict[str, object] = msgspec.to_builtins(rule)
    return {name: value for name, value in fields.items() if name not in _COLUMNS}
