"""What points buy: goods, certificates, donations; orders of them and taking one back."""

from typing import Any
from uuid import UUID, uuid4

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.text import pick
from hansa.modules import loyalty
from hansa.runtime.html import Form, Page
from hansa.runtime.http import Request, go_to
from hansa.surfaces.loyalty_app.access import Visitor, enter
from hansa.surfaces.loyalty_app.addresses import in_each_language
from hansa.surfaces.loyalty_app.forms import read_identifier, read_texts
from hansa.surfaces.loyalty_app.frame import app_page, root_of
from hansa.surfaces.loyalty_app.home_pages import balance_shown, read_balance
from hansa.surfaces.loyalty_app.lines import partner_name
from hansa.surfaces.loyalty_app.words import clock_text, translator

PAGE = 24
ORDERS_PAGE = 30
FEW = 10
KIND = loyalty.rewards.RewardKind
STATE = loyalty.rewards.OrderState


@get(in_each_language("/rewards"))
async def rewards(request: Request) -> Page:
    """Show the catalogue, of one kind or all."""
    visitor = await enter(request)
    asked = request.query_params.get("kind", "")
    kind = KIND(asked) if asked in set(KIND) else None
    after_id = read_identifier(request.query_params.get("after", ""))
    async with request.snapshot() as snap:
        balance = await read_balance(snap, request, visitor)
        after = await loyalty.rewards.get_reward(snap, reward_id=after_id) if after_id else None
        found = await loyalty.rewards.list_rewards(
            snap,
            programme_id=visitor.programme.id,
            kind=kind,
            after=after,
            limit=PAGE + 1,
            now=request.received_at,
        )
    shown = found[:PAGE]
    return app_page(
        request,
        "rewards.html",
        visitor=visitor,
        tab="rewards",
        kind=kind.value if kind else "",
        rewards=[show_reward(request, visitor, one, balance.available) for one in shown],
        following=shown[-1].id if len(found) > PAGE else None,
        balance=balance_shown(request, visitor, balance),
    )


@get(in_each_language("/rewards/{reward_id:uuid}"))
async def reward(request: Request, reward_id: FromPath[UUID]) -> Page:
    """Show a reward with the button that orders it."""
    visitor = await enter(request)
    return await _reward_page(request, visitor, reward_id)


@post(in_each_language("/rewards/{reward_id:uuid}/order"))
async def order(request: Request, reward_id: FromPath[UUID]) -> Response[Any] | Page:
    """Order a reward; the number in the form makes a second tap the same order."""
    visitor = await enter(request)
    form = await read_texts(request)
    order_id = read_identifier(form.text("order"))
    if order_id is None:
        return await _reward_page(request, visitor, reward_id, status_code=422)
    try:
        made = await loyalty.rewards.order_reward(
            request.context,
            order_id=order_id,
            membership=visitor.membership,
            reward_id=reward_id,
            points=_amount(form),
            device=_device(visitor),
            now=request.received_at,
        )
    except loyalty.points.StepUpNeeded:
        return await _ask_for_code(request, visitor, reward_id, form)
    except HansaError as refused:
        return await _refused(request, visitor, reward_id, refused)
    return go_to(request, f"{root_of(request)}/orders/{made.id}?new=1")


@post(in_each_language("/rewards/{reward_id:uuid}/confirm"))
async def confirm(request: Request, reward_id: FromPath[UUID]) -> Response[Any] | Page:
    """Order a reward with the code that shows who is spending; this device is trusted then."""
    visitor = await enter(request)
    form = await read_texts(request)
    order_id, challenge = read_identifier(form.text("order")), read_identifier(form.text("asked"))
    if order_id is None or challenge is None:
        return await _reward_page(request, visitor, reward_id, status_code=422)
    try:
        token = await loyalty.guard.answer_step_up(
            request.context,
            challenge_id=challenge,
            code=form.text("code"),
            now=request.received_at,
        )
        made = await loyalty.rewards.order_reward(
            request.context,
            order_id=order_id,
            membership=visitor.membership,
            reward_id=reward_id,
            points=_amount(form),
            device=_device(visitor),
            token=token.value,
            now=request.received_at,
        )
    except loyalty.guard.StepUpCodeWrong as wrong:
        if not wrong.tries_left:
            return await _refused(request, visitor, reward_id, wrong)
        form.add("code", wrong)
        return await _code_page(request, visitor, reward_id, form)
    except HansaError as refused:
        return await _refused(request, visitor, reward_id, refused)
    return go_to(request, f"{root_of(request)}/orders/{made.id}?new=1")


@get(in_each_language("/orders"))
async def orders(request: Request) -> Page:
    """Show what was ordered, the latest first."""
    visitor = await enter(request)
    async with request.snapshot() as snap:
        found = await loyalty.rewards.list_orders(
            snap,
            programme_id=visitor.programme.id,
            member_id=visitor.member.id,
            limit=ORDERS_PAGE,
        )
        known = await loyalty.rewards.get_rewards(snap, reward_ids=[one.reward_id for one in found])
    shown = [_show_order(request, visitor, one, known[one.reward_id]) for one in found]
    return app_page(request, "orders.html", visitor=visitor, tab="rewards", orders=shown)


@get(in_each_language("/orders/{order_id:uuid}"))
async def show_order(request: Request, order_id: FromPath[UUID]) -> Page:
    """Show an order: its thanks, its code, and until when it can be taken back."""
    visitor = await enter(request)
    return await _order_page(request, visitor, order_id)


@post(in_each_language("/orders/{order_id:uuid}/code"))
async def show_code(request: Request, order_id: FromPath[UUID]) -> Page:
    """Show the code of a certificate, after which the order stays."""
    visitor = await enter(request)
    async with request.transaction() as tx:
        code = await loyalty.rewards.show_code(
            tx,
            member_id=visitor.member.id,
            order_id=order_id,
            secret=request.visit.wiring.secret,
            now=request.received_at,
        )
    return await _order_page(request, visitor, order_id, code=code)


@post(in_each_language("/orders/{order_id:uuid}/cancel"))
async def cancel(request: Request, order_id: FromPath[UUID]) -> Response[Any] | Page:
    """Take an order back."""
    visitor = await enter(request)
    try:
        await loyalty.rewards.cancel_order(
            request.context,
            member_id=visitor.member.id,
            order_id=order_id,
            now=request.received_at,
        )
    except loyalty.rewards.NotCancellable as refused:
        refusal = translator(request)(refused.message)
        return await _order_page(request, visitor, order_id, refusal=refusal, status_code=422)
    return go_to(request, f"{root_of(request)}/orders/{order_id}")


async def _ask_for_code(
    request: Request, visitor: Visitor, reward_id: UUID, form: Form[Any]
) -> Page:
    """Send the member a code and ask for it; the order to come has a number of its own."""
    try:
        asked = await loyalty.guard.start_step_up(
            request.context,
            programme_id=visitor.programme.id,
            member_id=visitor.member.id,
            device=_device(visitor),
            now=request.received_at,
        )
    except HansaError as refused:
        return await _refused(request, visitor, reward_id, refused)
    form.values |= {"asked": str(asked.id), "order": str(uuid4())}
    return await _code_page(request, visitor, reward_id, form)


async def _refused(
    request: Request, visitor: Visitor, reward_id: UUID, refused: HansaError
) -> Page:
    refusal = translator(request)(refused.message).format(**refused.data())
    return await _reward_page(request, visitor, reward_id, refusal=refusal, status_code=422)


async def _code_page(request: Request, visitor: Visitor, reward_id: UUID, form: Form[Any]) -> Page:
    async with request.snapshot(single=True) as snap:
        found = await loyalty.rewards.get_reward(snap, reward_id=reward_id)
    return app_page(
        request,
        "confirm.html",
        visitor=visitor,
        tab="rewards",
        status_code=422 if form.errors else 200,
        form=form,
        name=pick(found.name, request.language),
        reward_id=reward_id,
        shows_codes=request.context.settings.environment == "demo",
    )


def _amount(form: Form[Any]) -> int | None:
    text = form.text("points")
    return int(text) if text.isascii() and text.isdigit() else None


def _device(visitor: Visitor) -> str:
    """Give what this device is called: its session, whoever opened it."""
    return str(visitor.session.parent_id or visitor.session.id)


async def _reward_page(
    request: Request,
    visitor: Visitor,
    reward_id: UUID,
    *,
    refusal: str = "",
    status_code: int = 200,
) -> Page:
    async with request.snapshot() as snap:
        found = await loyalty.rewards.get_reward(snap, reward_id=reward_id)
        if found.programme_id != visitor.programme.id:
            raise loyalty.rewards.NoSuchReward
        had = await loyalty.rewards.count_had(
            snap, member_id=visitor.member.id, reward_id=reward_id
        )
        balance = await read_balance(snap, request, visitor)
    limit = found.per_member
    return app_page(
        request,
        "reward.html",
        visitor=visitor,
        tab="rewards",
        status_code=status_code,
        reward=show_reward(request, visitor, found, balance.available),
        balance=balance_shown(request, visitor, balance),
        order_id=uuid4(),
        has_had_enough=limit is not None and had >= limit,
        is_open=found.is_open(request.received_at),
        refusal=refusal,
    )


async def _order_page(
    request: Request,
    visitor: Visitor,
    order_id: UUID,
    *,
    code: str = "",
    refusal: str = "",
    status_code: int = 200,
) -> Page:
    async with request.snapshot() as snap:
        found = await loyalty.rewards.get_order(
            snap, member_id=visitor.member.id, order_id=order_id
        )
        known = await loyalty.rewards.get_reward(snap, reward_id=found.reward_id)
        balance = await read_balance(snap, request, visitor)
    return app_page(
        request,
        "order.html",
        visitor=visitor,
        tab="rewards",
        status_code=status_code,
        order=_show_order(request, visitor, found, known),
        balance=balance_shown(request, visitor, balance),
        code=code,
        refusal=refusal,
        is_new=request.query_params.get("new") == "1",
    )


def show_reward(
    request: Request, visitor: Visitor, found: loyalty.rewards.Reward, available: int
) -> dict[str, Any]:
    """Give a reward as a card shows it."""
    language = request.language
    least = found.points_least
    return {
        "id": found.id,
        "kind": found.kind.value,
        "name": pick(found.name, language),
        "about": pick(found.about, language) if found.about else "",
        "terms": pick(found.terms, language) if found.terms else "",
        "picture": found.picture,
        "partner": partner_name(request, visitor, found.partner_id),
        "points": least,
        "amounts": found.amounts,
        "is_sold_out": found.is_sold_out,
        "left": found.stock if found.stock is not None and 0 < found.stock <= FEW else None,
        "missing": max(0, least - available),
        "part": min(100, available * 100 // least),
        "given": found.points_given,
        "href": f"/{language}/loyalty/rewards/{found.id}",
    }


def _show_order(
    request: Request,
    visitor: Visitor,
    found: loyalty.rewards.Order,
    known: loyalty.rewards.Reward,
) -> dict[str, Any]:
    language, zone, now = request.language, visitor.zone, request.received_at
    until = found.cancellable_until
    return {
        "id": found.id,
        "number": str(found.id)[-8:].upper(),
        "name": pick(known.name, language),
        "about": pick(known.terms, language) if known.terms else "",
        "kind": known.kind.value,
        "partner": partner_name(request, visitor, found.partner_id),
        "points": found.points,
        "state": found.state.value,
        "when": clock_text(found.ordered_at, language, zone),
        "is_done": found.state is STATE.DONE,
        "is_cancelled": found.state in {STATE.CANCELLED, STATE.CANCELLING},
        "was_shown": found.shown_at is not None,
        "until": until.isoformat() if until and now < until else "",
        "until_words": clock_text(until, language, zone) if until and now < until else "",
        "href": f"/{language}/loyalty/orders/{found.id}",
    }
