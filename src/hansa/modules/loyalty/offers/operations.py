"""Writing offers and rules, and letting them into force."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.contracts.loyalty import OfferChanged
from hansa.kernel.identifiers import new_id
from hansa.modules import accounts
from hansa.modules.loyalty.offers.audiences import check_audience
from hansa.modules.loyalty.offers.budgets import save_budget
from hansa.modules.loyalty.offers.model import OfferContent, OfferState
from hansa.modules.loyalty.offers.moderation import (
    REASON_CHARACTERS_MAX,
    Act,
    NoSuchOffer,
    Offer,
    OfferChangedMeanwhile,
    OfferCodeTaken,
    OfferInvalid,
    check_code,
    check_content,
    check_targeting,
    require,
    state_of_approved,
)
from hansa.modules.loyalty.offers.queries import offer_of
from hansa.modules.loyalty.offers.rulebook import content_of
from hansa.modules.loyalty.offers.store import directory as store
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

WITHOUT_BUDGET = 10**15
"""What a budget becomes when an offer is to have none any more."""
DUE_BATCH = 500
_STOPPED = {Act.PAUSE: OfferState.PAUSED, Act.END: OfferState.ENDED}


async def write_offer(
    tx: Transaction,
    *,
    programme_id: UUID,
    partner_id: UUID,
    code: str,
    content: OfferContent,
    by: Actor | None,
    now: datetime,
) -> Offer:
    """Write a new offer: a draft until it is submitted.

    Raises:
        OfferInvalid, OfferAudienceUnknown, OfferCodeTaken: as their names say.
    """
    check_code(code)
    check_content(content)
    await check_audience(tx, targeting=content.targeting, before=None)
    offer_id = new_id(now)
    added = await tx.execute(
        store.ADD_OFFER,
        {
            "id": offer_id,
            "programme_id": programme_id,
            "partner_id": partner_id,
            "code": code,
            "content": _written(content),
            "by": None if by is None else by.id,
            "now": now,
        },
    )
    if not added:
        raise OfferCodeTaken(code)
    offer = await _lock(tx, offer_id)
    await _tell(tx, offer, "written", by=by, now=now)
    return offer


async def change_offer(
    tx: Transaction,
    *,
    offer_id: UUID,
    partner_id: UUID | None = None,
    content: OfferContent,
    by: Actor | None,
    now: datetime,
) -> Offer:
    """Change what is written; what was approved is a draft again, and runs on as it was.

    `partner_id` None is staff: they may change everybody's.

    Raises:
        NoSuchOffer, OfferInvalid, OfferAudienceUnknown, OfferStateWrong: as their names say.
    """
    check_content(content)
    offer = await _lock(tx, offer_id, partner_id)
    require(offer, Act.WRITE)
    if content == offer.content:
        return offer
    await check_audience(tx, targeting=content.targeting, before=offer.content.targeting)
    # What is paused stays paused: it comes back by being approved.
    await tx.execute(
        store.WRITE_OFFER,
        {
            "id": offer_id,
            "content": _written(content),
            "state": OfferState.DRAFT,
            "by": None if by is None else by.id,
            "now": now,
        },
    )
    changed = await _lock(tx, offer_id)
    await _tell(tx, changed, "written", by=by, now=now)
    return changed


async def approve_offer(
    tx: Transaction,
    *,
    offer_id: UUID,
    revision: int,
    control: int | None = None,
    audience: str | None = None,
    by: Actor | None,
    now: datetime,
) -> Offer:
    """Let what is written into force from now on; what was in force ends now.

    `control` and `audience` are as for `aim_offer`.

    Raises:
        NoSuchOffer, OfferStateWrong, OfferInvalid, OfferAudienceUnknown: as their names say.
        OfferChangedMeanwhile: it is not what the reviewer has seen.
        BudgetTooSmall: more than the new budget was given already.
    """
    await tx.execute(store.CHANGE)
    offer = await _lock(tx, offer_id)
    require(offer, Act.APPROVE)
    if offer.revision != revision:
        raise OfferChangedMeanwhile
    offer = await _aimed(tx, offer, control, audience)
    await _put_in_force(tx, offer, by=by, now=now)
    moved = replace(offer, state=state_of_approved(offer.content, now), is_live=True)
    return await _move(tx, moved, Act.APPROVE, by=by, now=now, content=_written(moved.content))


async def aim_offer(
    tx: Transaction,
    *,
    offer_id: UUID,
    control: int | None,
    audience: str | None,
    by: Actor | None,
    now: datetime,
) -> Offer:
    """Say which audience an offer is for, and how many of those it is for are held back.

    `control` is their share in hundredths of a percent; `audience` its code, or empty for
    everybody; None leaves either as it is. Before it is approved: a group that changes while the
    offer runs cannot be compared.

    Raises:
        NoSuchOffer, OfferStateWrong, OfferInvalid, OfferAudienceUnknown: as their names say.
    """
    offer = await _lock(tx, offer_id)
    require(offer, Act.AIM)
    moved = await _aimed(tx, offer, control, audience)
    if moved == offer:
        return offer
    return await _move(tx, moved, Act.AIM, by=by, now=now, content=_written(moved.content))


async def _aimed(tx: Transaction, offer: Offer, control: int | None, audience: str | None) -> Offer:
    before = offer.content.targeting
    targeting = replace(
        before,
        control=before.control if control is None else control,
        audience=before.audience if audience is None else audience,
    )
    check_targeting(targeting)
    await check_audience(tx, targeting=targeting, before=before)
    return replace(offer, content=replace(offer.content, targeting=targeting))


async def refuse_offer(
    tx: Transaction, *, offer_id: UUID, reason: str, by: Actor | None, now: datetime
) -> Offer:
    """Refuse what is written, and say why; what is in force runs on.

    Raises:
        NoSuchOffer, OfferStateWrong: as their names say.
        OfferInvalid: no reason is given.
    """
    said = reason.strip()
    if not 0 < len(said) <= REASON_CHARACTERS_MAX:
        raise OfferInvalid("reason")
    offer = await _lock(tx, offer_id)
    require(offer, Act.REFUSE)
    moved = replace(offer, state=OfferState.REFUSED, refusal=said)
    return await _move(tx, moved, Act.REFUSE, by=by, now=now)


async def move_offer(
    tx: Transaction,
    *,
    offer_id: UUID,
    act: Act,
    partner_id: UUID | None = None,
    by: Actor | None,
    now: datetime,
) -> Offer:
    """Submit an offer to staff, pause it, resume it as it was approved last, or end it for good.

    What was earned by it stays.

    Raises:
        NoSuchOffer, OfferStateWrong: as their names say.
        BudgetTooSmall: more than its budget was given meanwhile.
    """
    if act is not Act.SUBMIT:
        await tx.execute(store.CHANGE)
    offer = await _lock(tx, offer_id, partner_id)
    require(offer, act)
    if act is Act.SUBMIT:
        moved = replace(offer, state=OfferState.IN_REVIEW, refusal="")
        return await _move(tx, moved, act, by=by, now=now)
    if act is Act.RESUME:
        rows = await tx.all(store.LIST_VERSIONS_OF, {"offer_ids": [offer_id]})
        approved = replace(offer, content=content_of(rows[-1].content))
        await _put_in_force(tx, approved, by=by, now=now)
        moved = replace(approved, state=state_of_approved(approved.content, now), is_live=True)
        return await _move(tx, moved, act, by=by, now=now, content=_written(moved.content))
    await tx.execute(store.CLOSE_VERSION, {"id": offer_id, "now": now})
    moved = replace(offer, state=_STOPPED[act], is_live=False, refusal="")
    return await _move(tx, moved, act, by=by, now=now)


async def move_due_offers(tx: Transaction, *, now: datetime) -> int:
    """Say of approved offers whose time has come that they run, and of others that they are over.

    What receipts earn does not wait for this: schedules are part of the rules.
    """
    due = await tx.all(store.LIST_DUE, {"now": now, "limit": DUE_BATCH})
    if due:
        await tx.execute(store.CHANGE)
    for row in due:
        offer = await _lock(tx, row.id)
        if row.is_over and offer.is_live:
            await tx.execute(store.CLOSE_VERSION, {"id": offer.id, "now": now})
            moved = replace(offer, state=OfferState.ENDED, is_live=False)
            await _move(tx, moved, Act.END, by=None, now=now)
        elif offer.state is OfferState.APPROVED:
            await _move(tx, replace(offer, state=OfferState.RUNNING), Act.RESUME, by=None, now=now)
    return len(due)


async def _lock(tx: Transaction, offer_id: UUID, partner_id: UUID | None = None) -> Offer:
    row = await tx.maybe(store.LOCK_OFFER, {"id": offer_id})
    if row is None or (partner_id is not None and row.partner_id != partner_id):
        raise NoSuchOffer(offer_id)
    return offer_of(row)


async def _put_in_force(tx: Transaction, offer: Offer, *, by: Actor | None, now: datetime) -> None:
    key = {"id": offer.id, "now": now}
    await tx.execute(store.CLOSE_VERSION, key)
    await tx.execute(
        store.ADD_VERSION,
        key | {"content": _written(offer.content), "by": None if by is None else by.id},
    )
    budget = offer.content.budget_points
    had_one = await tx.maybe(store.HAS_BUDGET, {"id": offer.id})
    if budget is not None or had_one is not None:
        await save_budget(
            tx,
            campaign_id=offer.id,
            programme_id=offer.programme_id,
            total=WITHOUT_BUDGET if budget is None else budget,
            now=now,
        )


async def _move(
    tx: Transaction,
    offer: Offer,
    act: Act,
    *,
    by: Actor | None,
    now: datetime,
    content: str | None = None,
) -> Offer:
    await tx.execute(
        store.SET_STATE,
        {
            "id": offer.id,
            "state": offer.state,
            "is_live": offer.is_live,
            "refusal": offer.refusal,
            "act": act,
            "by": None if by is None else by.id,
            "content": content,
            "now": now,
        },
    )
    moved = await _lock(tx, offer.id)
    await _tell(tx, moved, act.value, by=by, now=now)
    return moved


async def _tell(
    tx: Transaction, offer: Offer, what: str, *, by: Actor | None, now: datetime
) -> None:
    after: Mapping[str, object] = {
        "state": offer.state.value,
        "revision": offer.revision,
        "refusal": offer.refusal,
        "content": msgspec.to_builtins(offer.content),
    }
    await accounts.record(
        tx,
        actor=by,
        action=f"loyalty.offer_{what}",
        subject_kind="loyalty_offer",
        subject_id=offer.id,
        after=after,
        now=now,
    )
    await tx.publish(
        OfferChanged(offer_id=offer.id, partner_id=offer.partner_id, state=offer.state.value)
    )


def _written(content: OfferContent) -> str:
    return msgspec.json.encode(content).decode()
