"""What partners report that members did: target actions and visits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import msgspec

from hansa.kernel.errors import Conflict
from hansa.modules.loyalty.offers.completing import complete_tasks
from hansa.modules.loyalty.offers.model import LiveOffer
from hansa.modules.loyalty.offers.purchases import Completion
from hansa.modules.loyalty.offers.rulebook import live_of
from hansa.modules.loyalty.offers.store import directory as store
from hansa.modules.loyalty.offers.telling import Changed
from hansa.modules.loyalty.programmes import Coalition
from hansa.runtime.database import Transaction

_NOBODY: frozenset[str] = frozenset()


@dataclass(eq=False)
class ActionDiffers(Conflict):
    """The partner has reported something else under this key before."""

    code: ClassVar[str] = "loyalty.action_differs"
    message: ClassVar[str] = "Something else was reported under the key “{key}” before."

    key: str


class Action(NamedTuple):
    """What a partner says a member did; `owner_id` and `key` name it for ever."""

    owner_id: UUID
    key: str
    programme_id: UUID
    member_id: UUID
    code: str
    happened_at: datetime
    amount_minor: int = 0


class Taken(NamedTuple):
    """What a reported action counts for: the offers that ask for it."""

    offer_ids: tuple[UUID, ...]
    is_repeat: bool = False


async def take_actions(
    tx: Transaction,
    *,
    coalition: Coalition,
    actions: Sequence[Action],
    audiences: Callable[[UUID], frozenset[str]] | None = None,
    slot: int = 0,
    now: datetime,
) -> tuple[list[Taken | ActionDiffers], list[Changed]]:
    """Take reported actions; answers each, in order, and what changed for members.

    The same again gets the same answer. An action counts for the offers of its partner that were
    in force when it happened, of those to be switched on for those that were on then.
    """
    unique: dict[tuple[UUID, str], Action] = {}
    for action in actions:
        unique.setdefault((action.owner_id, action.key), action)
    columns = _columns(list(unique.values()))
    added = {
        (row.owner_id, row.key) for row in await tx.all(store.ADD_ACTIONS, columns | {"now": now})
    }
    new = [unique[key] for key in sorted(added)]
    offers = await _offers_asking(tx, new)
    found: dict[tuple[UUID, str], tuple[UUID, ...]] = {}
    completions: list[Completion] = []
    for action in new:
        programme = coalition.programmes.get(action.programme_id)
        zone = programme.time_zone if programme else "UTC"
        named = audiences(action.member_id) if audiences else _NOBODY
        matching = [one for one in offers if _counts(one, action, zone, named)]
        found[action.owner_id, action.key] = tuple(one.id for one in matching)
        completions += [
            Completion(
                action.member_id,
                action.programme_id,
                offer.id,
                action.happened_at,
                f"action:{action.key}",
                action.amount_minor,
            )
            for offer in matching
        ]
    await _save_offers(tx, found)
    changed = await complete_tasks(
        tx, coalition=coalition, completions=completions, slot=slot, now=now
    )
    stored = {
        (row.owner_id, row.key): row
        for row in (await tx.all(store.LIST_ACTIONS, columns) if len(new) < len(actions) else ())
    }
    answered: set[tuple[UUID, str]] = set()
    answers: list[Taken | ActionDiffers] = []
    for action in actions:
        key = action.owner_id, action.key
        if key in found and key not in answered:
            answers.append(Taken(found[key]))
        else:
            row = stored[key]
            same = Action(
                row.owner_id,
                row.key,
                row.programme_id,
                row.member_id,
                row.code,
                row.happened_at,
                row.amount_minor,
            )
            answers.append(
                Taken(tuple(row.offer_ids), is_repeat=True)
                if same == action
                else ActionDiffers(action.key)
            )
        answered.add(key)
    return answers, changed


def _counts(offer: LiveOffer, action: Action, zone: str, audiences: frozenset[str]) -> bool:
    condition = offer.content.condition
    return (
        offer.partner_id == action.owner_id
        and offer.programme_id == action.programme_id
        and condition.code == action.code
        and action.amount_minor >= condition.amount_minor
        and offer.accepts(action.member_id, action.happened_at, zone=zone, audiences=audiences)
    )


async def _offers_asking(tx: Transaction, actions: Sequence[Action]) -> list[LiveOffer]:
    if not actions:
        return []
    rows = await tx.all(
        store.LIST_REPORTED,
        {
            "partner_ids": sorted({one.owner_id for one in actions}),
            "codes": sorted({one.code for one in actions}),
        },
    )
    return [live_of(row) for row in rows]


async def _save_offers(tx: Transaction, found: dict[tuple[UUID, str], tuple[UUID, ...]]) -> None:
    matched = {key: offers for key, offers in found.items() if offers}
    if matched:
        await tx.execute(
            store.SAVE_ACTION_OFFERS,
            {
                "owner_ids": [owner_id for owner_id, _ in matched],
                "keys": [key for _, key in matched],
                "offers": [msgspec.json.encode(one).decode() for one in matched.values()],
            },
        )


def _columns(actions: Sequence[Action]) -> dict[str, Any]:
    return {
        "owner_ids": [one.owner_id for one in actions],
        "keys": [one.key for one in actions],
        "programme_ids": [one.programme_id for one in actions],
        "member_ids": [one.member_id for one in actions],
        "codes": [one.code for one in actions],
        "amounts": [one.amount_minor for one in actions],
        "ats": [one.happened_at for one in actions],
    }
