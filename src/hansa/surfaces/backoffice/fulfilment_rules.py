"""Rules of sourcing and how shops of a market are asked; trying them out before they count."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.kernel.identifiers import new_id
from hansa.kernel.text import pick
from hansa.modules import catalog, fulfilment, markets
from hansa.modules.fulfilment import (
    Asking,
    Criterion,
    Nobody,
    OneStage,
    Policy,
    Rule,
    StoredRule,
    WhenClosed,
)
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown, read_form
from hansa.runtime.http import Request
from hansa.surfaces.backoffice.fulfilment_board import tabs
from hansa.surfaces.backoffice.fulfilment_trial import try_out
from hansa.surfaces.backoffice.fulfilment_words import (
    ASKING,
    CRITERIA,
    NOBODY,
    ONE_STAGE,
    RULES,
    WHEN_CLOSED,
)
from hansa.surfaces.backoffice.presenting import asked, done, show, words
from hansa.surfaces.backoffice.shell import staff

_Text = Annotated[str, msgspec.Meta(max_length=2000)]
_Minutes = Annotated[int, msgspec.Meta(ge=1, le=10_080)]
_KINDS = {"warehouse": "Warehouses", "shop": "Shops"}
_WAYS = {"courier": "By courier", "pickup": "Fetched in a shop"}
_RANKS = 4
_AMOUNT_MAX = Decimal(10) ** 12


class PolicyFields(msgspec.Struct):
    """How shops are asked."""

    asking: Asking
    when_closed: WhenClosed
    nobody: Nobody
    one_stage: OneStage
    asks_shops: bool = False
    at_a_time: Annotated[int, msgspec.Meta(ge=1, le=100)] = 2
    answer_minutes: _Minutes = 20
    hold_margin_minutes: _Minutes = 120


class RuleFields(msgspec.Struct):
    """A rule as the form sends it; lists are words parted by commas."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    position: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 0
    is_active: bool = False
    total_from: Decimal | None = None
    total_below: Decimal | None = None
    delivery_kinds: list[str] = []
    cities: _Text = ""
    category_ids: list[UUID] = []
    kinds: list[str] = []
    groups: _Text = ""
    only_codes: _Text = ""
    not_codes: _Text = ""
    stock_depth_min: Decimal = Decimal(0)
    open_questions_max: Annotated[int, msgspec.Meta(ge=1, le=10_000)] | None = None
    orders_today_max: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    must_be_open: bool = False
    rank_1: str = ""
    rank_2: str = ""
    rank_3: str = ""
    rank_4: str = ""
    sequence: _Text = ""
    allow_split: bool = False
    max_parts: Annotated[int, msgspec.Meta(ge=1, le=20)] = 5
    search_limit: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 1000


def _market(request: Request) -> markets.Market:
    directory = request.context.service(markets.MarketDirectory)
    told = asked(request, "market")
    return next((one for one in directory.all() if one.code == told), directory.get(request.market))


@get("/office/fulfilment/rules")
async def show_rules(request: Request) -> Page:
    """Show how shops of a market are asked, its rules, and where goods would come from."""
    staff(request, "fulfilment.view")
    return await _rules_page(request, None)


async def _rules_page(request: Request, form: Form[Any] | None, *, status_code: int = 200) -> Page:
    market = _market(request)
    translate = words(request)
    async with request.snapshot() as snap:
        policy = await fulfilment.get_policy(snap, market=market.code)
        rules = await fulfilment.list_rules(snap, market=market.code)
        trial = await try_out(request, snap, market)
    form = form or first_shown(
        request,
        asks_shops="1" if policy.asks_shops else None,
        asking=str(policy.asking),
        at_a_time=str(policy.at_a_time),
        answer_minutes=str(policy.answer_minutes),
        when_closed=str(policy.when_closed),
        nobody=str(policy.nobody),
        one_stage=str(policy.one_stage),
        hold_margin_minutes=str(policy.hold_margin_minutes),
    )
    directory = request.context.service(markets.MarketDirectory)
    choices: dict[str, Mapping[Any, str]] = {
        "asking": ASKING,
        "when_closed": WHEN_CLOSED,
        "nobody": NOBODY,
        "one_stage": ONE_STAGE,
    }
    return show(
        request,
        "fulfilment_rules.html",
        status_code=status_code,
        tabs=tabs(request, RULES),
        market=market.code,
        markets=[
            {
                "label": pick(one.name, request.language),
                "href": f"{RULES}?market={one.code}",
                "current": one.code == market.code,
            }
            for one in directory.all()
        ],
        form=form,
        choices={
            name: [(str(one), translate(label)) for one, label in labels.items()]
            for name, labels in choices.items()
        },
        rules=[_row(request, one) for one in rules],
        trial=trial,
        base=RULES,
    )


def _row(request: Request, stored: StoredRule) -> dict[str, Any]:
    translate, rule = words(request), stored.rule
    takes = [translate(_KINDS[one]) for one in rule.kinds if one in _KINDS]
    takes += [*rule.groups, *rule.only_codes]
    ways = [translate(_WAYS.get(one, one)) for one in rule.delivery_kinds]
    ranks = [translate(CRITERIA[one]) for one in rule.rank[:_RANKS]]
    return {
        "url": f"{RULES}/{stored.id}",
        "name": rule.name,
        "position": stored.position,
        "when": ", ".join((*rule.cities, *ways)),
        "takes": ", ".join(takes),
        "ranks": " → ".join(ranks),
        "is_active": rule.is_active,
        "splits": rule.max_parts if rule.allow_split else 1,
    }


@post("/office/fulfilment/rules/policy")
async def save_policy(request: Request) -> Response[None] | Page:
    """Change how shops of a market are asked."""
    actor = staff(request, "fulfilment.rules")
    form = await read_form(request, PolicyFields)
    market = _market(request)
    if form.value is not None:
        typed = form.value
        policy = Policy(
            market=market.code,
            asks_shops=typed.asks_shops,
            asking=typed.asking,
            at_a_time=typed.at_a_time,
            answer_minutes=typed.answer_minutes,
            when_closed=typed.when_closed,
            nobody=typed.nobody,
            one_stage=typed.one_stage,
            hold_margin_minutes=typed.hold_margin_minutes,
        )
        try:
            async with request.transaction() as tx:
                await fulfilment.save_policy(tx, policy=policy, by=actor, now=request.received_at)
            return done(request, f"{RULES}?market={market.code}")
        except HansaError as refusal:
            form.add("answer_minutes", refusal)
    return await _rules_page(request, form, status_code=422)


@get("/office/fulfilment/rules/new")
async def show_new(request: Request) -> Page:
    """Show the form of a new rule."""
    staff(request, "fulfilment.rules")
    async with request.snapshot(single=True) as snap:
        known = await fulfilment.list_rules(snap, market=_market(request).code)
    position = max((one.position for one in known), default=0) + 10
    return await _rule_page(request, None, _first(request, Rule(), position))


@get("/office/fulfilment/rules/{rule_id:uuid}")
async def show_rule(request: Request, rule_id: FromPath[UUID]) -> Page:
    """Show a rule."""
    staff(request, "fulfilment.view")
    async with request.snapshot(single=True) as snap:
        stored = await fulfilment.get_rule(snap, rule_id=rule_id)
    return await _rule_page(request, stored, _first(request, stored.rule, stored.position))


def _first(request: Request, rule: Rule, position: int) -> Form[Any]:
    def shown(number: object) -> str:
        return "" if number is None else f"{number}"

    def amount(minor: int | None) -> str:
        return "" if minor is None else f"{Decimal(minor) / 100:f}"

    ranks = {f"rank_{place}": str(one) for place, one in enumerate(rule.rank[:_RANKS], start=1)}
    return first_shown(
        request,
        name=rule.name,
        position=str(position),
        is_active="1" if rule.is_active else None,
        total_from=amount(rule.total_from_minor),
        total_below=amount(rule.total_below_minor),
        delivery_kinds=list(rule.delivery_kinds),
        cities=", ".join(rule.cities),
        category_ids=[str(one) for one in rule.category_ids],
        kinds=list(rule.kinds),
        groups=", ".join(rule.groups),
        only_codes=", ".join(rule.only_codes),
        not_codes=", ".join(rule.not_codes),
        stock_depth_min=f"{rule.stock_depth_min.normalize():f}",
        open_questions_max=shown(rule.open_questions_max),
        orders_today_max=shown(rule.orders_today_max),
        must_be_open="1" if rule.must_be_open else None,
        sequence=", ".join(rule.sequence),
        allow_split="1" if rule.allow_split else None,
        max_parts=str(rule.max_parts),
        search_limit=str(rule.search_limit),
        **ranks,
    )


async def _rule_page(
    request: Request, stored: StoredRule | None, form: Form[Any], *, status_code: int = 200
) -> Page:
    translate, language = words(request), request.language
    async with request.snapshot(single=True) as snap:
        categories = await _categories(snap, language)
    market = stored.market if stored else _market(request).code
    return show(
        request,
        "fulfilment_rule.html",
        status_code=status_code,
        rule=stored,
        form=form,
        market=market,
        action=f"{RULES}/{stored.id}" if stored else f"{RULES}/new?market={market}",
        kinds=[(one, translate(label)) for one, label in _KINDS.items()],
        ways=[(one, translate(label)) for one, label in _WAYS.items()],
        criteria=[
            ("", "—"),
            *((str(one), translate(label)) for one, label in CRITERIA.items()),
        ],
        categories=categories,
    )


async def _categories(snap: Snapshot, language: str) -> list[tuple[str, str]]:
    return [(str(one.id), pick(one.name, language)) for one in await catalog.list_categories(snap)]


@post("/office/fulfilment/rules/new")
async def create(request: Request) -> Response[None] | Page:
    """Make a rule."""
    staff(request, "fulfilment.rules")
    return await _save(request, None)


@post("/office/fulfilment/rules/{rule_id:uuid}")
async def save(request: Request, rule_id: FromPath[UUID]) -> Response[None] | Page:
    """Change a rule."""
    staff(request, "fulfilment.rules")
    async with request.snapshot(single=True) as snap:
        stored = await fulfilment.get_rule(snap, rule_id=rule_id)
    return await _save(request, stored)


async def _save(request: Request, stored: StoredRule | None) -> Response[None] | Page:
    actor = staff(request, "fulfilment.rules")
    form = await read_form(request, RuleFields)
    if form.value is None:
        return await _rule_page(request, stored, form, status_code=422)
    market = stored.market if stored else _market(request).code
    wanted = StoredRule(
        id=stored.id if stored else new_id(request.received_at),
        market=market,
        position=form.value.position,
        rule=_rule_of(form.value, stored.rule if stored else Rule()),
    )
    try:
        async with request.transaction() as tx:
            await fulfilment.save_rule(tx, stored=wanted, by=actor, now=request.received_at)
    except HansaError as refusal:
        form.add("name", refusal)
        return await _rule_page(request, stored, form, status_code=422)
    return done(request, f"{RULES}?market={market}")


def _rule_of(typed: RuleFields, before: Rule) -> Rule:
    chosen = (typed.rank_1, typed.rank_2, typed.rank_3, typed.rank_4)
    rank = tuple(dict.fromkeys(Criterion(one) for one in chosen if one in set(Criterion)))
    return replace(
        before,
        name=typed.name,
        is_active=typed.is_active,
        total_from_minor=_minor(typed.total_from),
        total_below_minor=_minor(typed.total_below),
        delivery_kinds=tuple(one for one in typed.delivery_kinds if one in _WAYS),
        cities=_split(typed.cities),
        category_ids=tuple(typed.category_ids),
        kinds=tuple(one for one in typed.kinds if one in _KINDS),
        groups=_split(typed.groups),
        only_codes=_split(typed.only_codes),
        not_codes=_split(typed.not_codes),
        stock_depth_min=typed.stock_depth_min,
        open_questions_max=typed.open_questions_max,
        orders_today_max=typed.orders_today_max,
        must_be_open=typed.must_be_open,
        rank=rank or tuple(Criterion),
        sequence=_split(typed.sequence),
        allow_split=typed.allow_split,
        max_parts=typed.max_parts,
        search_limit=typed.search_limit,
    )


def _minor(amount: Decimal | None) -> int | None:
    if amount is None or not amount.is_finite() or amount >= _AMOUNT_MAX:
        return None
    return max(0, int(amount * 100))


def _split(text: str) -> tuple[str, ...]:
    parts = (part.strip() for part in text.replace("\n", ",").split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


@post("/office/fulfilment/rules/{rule_id:uuid}/remove")
async def remove(request: Request, rule_id: FromPath[UUID]) -> Response[None]:
    """Remove a rule."""
    actor = staff(request, "fulfilment.rules")
    async with request.transaction() as tx:
        stored = await fulfilment.get_rule(tx, rule_id=rule_id)
        await fulfilment.remove_rule(tx, rule_id=rule_id, by=actor, now=request.received_at)
    return done(request, f"{RULES}?market={stored.market}", "rule_removed")


ROUTES = (show_rules, save_policy, show_new, create, show_rule, save, remove)
