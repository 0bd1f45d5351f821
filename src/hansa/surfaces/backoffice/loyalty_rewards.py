"""What members take for points: the catalogue as staff see it, one reward with its orders."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules.loyalty import programmes, rewards
from hansa.modules.loyalty.rewards import OrderState, Reward, RewardKind
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice import loyalty_desk_words as say
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, address, asked, done, show, words
from hansa.surfaces.backoffice.shell import staff

HOME = f"{say.HOME}/rewards"
VIEW, EDIT = "loyalty.view", "loyalty.edit"
KINDS = {
    RewardKind.GOODS: "Goods of a partner",
    RewardKind.CERTIFICATE: "Certificate with a code",
    RewardKind.DONATION: "Donation",
}
ORDER_STATES: Mapping[str, tuple[str, str]] = {
    OrderState.TAKEN: ("being taken", "accent"),
    OrderState.HELD: ("being paid", "accent"),
    OrderState.DONE: ("the member has it", "good"),
    OrderState.CANCELLING: ("being given back", "warn"),
    OrderState.CANCELLED: ("given back", ""),
    OrderState.REFUSED: ("did not come about", "bad"),
}
_CURSOR, _ORDERS = "office.loyalty.rewards", "office.loyalty.reward_orders"


class CodesFields(msgspec.Struct):
    """Codes of a certificate, one a line."""

    codes: Annotated[str, msgspec.Meta(min_length=1, max_length=1_000_000)]


class StockFields(msgspec.Struct):
    """How many pieces come, or go (below zero)."""

    pieces: Annotated[int, msgspec.Meta(ge=-(10**9), le=10**9)]


@get(HOME)
async def list_rewards(request: Request) -> Page:
    """Show the rewards of a programme, those of the first one unless another is chosen."""
    staff(request, VIEW)
    known = programmes_of(request)
    chosen = next((one for one in known if one.code == asked(request, "programme")), None)
    programme = chosen or (known[0] if known else None)
    search = asked(request, "q")
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(int, UUID))
    found: list[Reward] = []
    if programme is not None:
        async with request.snapshot(single=True) as snap:
            found = await rewards.list_catalogue(
                snap,
                programme_id=programme.id,
                search=search,
                after=(after[0], after[1]) if after else None,
                limit=PAGE_ROWS + 1,
            )
    shown, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: (one.position, one.id)
    )
    return show(
        request,
        "loyalty_rewards.html",
        programme=programme,
        programmes=[(one.code, pick(one.name, request.language)) for one in known],
        search=search,
        rows=[describe(request, one) for one in shown],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
    )


@get(HOME + "/{reward_id:uuid}")
async def show_reward(request: Request, reward_id: FromPath[UUID]) -> Page:
    """Show a reward with what is left of it and who took it."""
    staff(request, VIEW)
    return await reward_page(request, reward_id, first_shown(request))


@post(HOME + "/{reward_id:uuid}/switch")
async def switch(request: Request, reward_id: FromPath[UUID]) -> Response[None]:
    """Let nobody take it for a while, or let them again."""
    by = staff(request, EDIT)
    async with request.transaction() as tx:
        found = await rewards.lock_reward(tx, reward_id=reward_id)
        await rewards.save_reward(
            tx,
            reward=replace(found, is_active=not found.is_active),
            by=by,
            now=request.received_at,
        )
    return done(request, f"{HOME}/{reward_id}")


@post(HOME + "/{reward_id:uuid}/codes")
async def add_codes(request: Request, reward_id: FromPath[UUID]) -> Response[None] | Page:
    """Add codes of a certificate; those known already count once."""
    by = staff(request, EDIT)
    form = await read_form(request, CodesFields)
    if form.value is not None:
        lines = [one.strip() for one in form.value.codes.splitlines()]
        try:
            async with request.transaction() as tx:
                await rewards.add_codes(
                    tx,
                    reward_id=reward_id,
                    codes=[one for one in lines if one],
                    secret=request.visit.wiring.secret,
                    by=by,
                    now=request.received_at,
                )
        except rewards.RewardInvalid as refusal:
            form.add("codes", refusal)
        else:
            return done(request, f"{HOME}/{reward_id}", "codes_added")
    # Codes are secret: what was typed is not shown again.
    form.values.pop("codes", None)
    return await reward_page(request, reward_id, form, status_code=422)


@post(HOME + "/{reward_id:uuid}/stock")
async def change_stock(request: Request, reward_id: FromPath[UUID]) -> Response[None] | Page:
    """Add pieces to what is left, or take them away."""
    by = staff(request, EDIT)
    form = await read_form(request, StockFields)
    if form.value is not None:
        try:
            async with request.transaction() as tx:
                await rewards.change_stock(
                    tx,
                    reward_id=reward_id,
                    pieces=form.value.pieces,
                    by=by,
                    now=request.received_at,
                )
        except rewards.RewardInvalid as refusal:
            form.add("pieces", refusal)
        else:
            return done(request, f"{HOME}/{reward_id}")
    return await reward_page(request, reward_id, form, status_code=422)


async def reward_page(
    request: Request, reward_id: UUID, form: Form[Any], *, status_code: int = 200
) -> Page:
    """Make the page of a reward."""
    after = request.read_cursor(
        request.query_params.get("after"), of=_ORDERS, types=(datetime, UUID)
    )
    async with request.snapshot() as snap:
        found = await rewards.get_reward(snap, reward_id=reward_id)
        orders = await rewards.list_orders_of_reward(
            snap,
            reward_id=reward_id,
            before=(after[0], after[1]) if after else None,
            limit=PAGE_ROWS + 1,
        )
    shown, cursor = request.page_of(
        orders, limit=PAGE_ROWS, of=_ORDERS, key=lambda one: (one.ordered_at, one.id)
    )
    return show(
        request,
        "loyalty_reward.html",
        status_code=status_code,
        reward=describe(request, found),
        facts=_facts(request, found),
        orders=[
            {
                "url": f"{say.HOME}/members/{one.member_id}",
                "member": say.short(one.member_id),
                "points": say.number(request, one.points),
                "ordered": say.moment(request, one.ordered_at),
                "shown": say.moment(request, one.shown_at),
                "state": say.state_of(request, ORDER_STATES, one.state),
            }
            for one in shown
        ],
        first_url=address(request) if after else None,
        next_url=address(request, after=cursor) if cursor else None,
        form=form,
    )


def describe(request: Request, one: Reward) -> dict[str, Any]:
    """Put a reward into words."""
    language, translate = request.language, words(request)
    price = ", ".join(say.number(request, each) for each in one.amounts or (one.points,))
    if not one.is_active:
        state, tone = translate("paused"), "warn"
    elif one.is_sold_out:
        state, tone = translate("gone"), "bad"
    elif not one.is_open(request.received_at):
        state, tone = translate("not now"), ""
    else:
        state, tone = translate("can be taken"), "good"
    return {
        "id": one.id,
        "url": f"{HOME}/{one.id}",
        "name": pick(one.name, language) or one.code,
        "code": one.code,
        "kind": one.kind.value,
        "kind_words": translate(KINDS[one.kind]),
        "partner": say.partner_name(request, one.partner_id),
        "programme": say.programme_name(request, one.programme_id),
        "price": price,
        "left": "∞" if one.stock is None else say.number(request, one.stock),
        "is_limited": one.stock is not None,
        "orders": say.number(request, one.orders),
        "points_given": say.number(request, one.points_given),
        "about": pick(one.about, language),
        "terms": pick(one.terms, language),
        "picture": f"/{one.picture}" if one.picture else None,
        "is_active": one.is_active,
        "state": state,
        "tone": tone,
    }


def _facts(request: Request, one: Reward) -> list[tuple[str, str]]:
    translate = words(request)
    begins, ends = say.moment(request, one.starts_at), say.moment(request, one.ends_at)
    most = translate("no limit") if one.per_member is None else say.number(request, one.per_member)
    return [
        (translate("Kind"), translate(KINDS[one.kind])),
        (translate("Partner"), say.partner_name(request, one.partner_id)),
        (translate("When"), f"{begins or '…'} – {ends or '…'}" if begins or ends else "—"),
        (translate("Times per member"), most),
        (translate("Place in the list"), str(one.position)),
    ]


def programmes_of(request: Request) -> list[programmes.Programme]:
    """Give the programmes by number."""
    return sorted(say.coalition_of(request).programmes.values(), key=lambda one: one.number)


ROUTES = (list_rewards, show_reward, switch, add_codes, change_stock)
