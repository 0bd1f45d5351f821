"""Who works with the demo's coalition: a partner's person, the app for everybody, a campaign."""

from datetime import datetime, timedelta

from hansa.assembly.demo.assortment import demo_id
from hansa.assembly.demo.coalition import PHONES
from hansa.assembly.demo.people import MANAGER, PASSWORD
from hansa.assembly.modules import all_modules, features_of
from hansa.modules import accounts, notifications, rollout
from hansa.modules.loyalty import desk, members, programmes
from hansa.modules.notifications import CampaignState, Kind, Text, Variant
from hansa.runtime.context import Context
from hansa.runtime.http import Actor

PARTNER_PERSON = "lavka@neighbours.example"
_PARTNER, _NAME = "lavka", "Лариса Полева"
_APP = "loyalty.app"
_CAMPAIGN_AGO = timedelta(days=24)
_CAMPAIGN_LASTS = timedelta(days=3)
_CONTROL_SHARE = 3_000


_SAID = (
    (
        PHONES[2],
        desk.DisputeKind.MISSING,
        "Купила продукты в субботу вечером, чек есть, а баллов нет.",
        35,
    ),
    (
        PHONES[3],
        desk.DisputeKind.WRONG_PERCENT,
        "Включил «Три похода в Лавку», сходил три раза, а процент прежний.",
        12,
    ),
)


async def open_desk(context: Context, now: datetime) -> None:
    """Let a partner's person sign in, members open the app, and marketing tell of something."""
    coalition = context.service(programmes.Directory).coalition
    partner = next(one for one in coalition.partners.values() if one.code == _PARTNER)
    async with context.database.transaction() as tx:
        if await accounts.find_user(tx, email=PARTNER_PERSON, kind="partner") is None:
            await accounts.create_user(
                tx,
                email=PARTNER_PERSON,
                password=PASSWORD,
                kind="partner",
                partner_id=partner.id,
                name=_NAME,
                language="ru",
                is_email_verified=True,
                now=now,
            )
        await rollout.save_rules(
            tx,
            feature=_APP,
            rules=rollout.Rules(state=rollout.State.ON),
            known={one.code for one in features_of(all_modules())},
            by=None,
            now=now,
        )
    [programme] = coalition.programmes.values()
    await _campaign(context, programme, now)
    await _cases(context, programme, partner, now)


async def _cases(
    context: Context, programme: programmes.Programme, partner: programmes.Partner, now: datetime
) -> None:
    """Let members complain: one is not answered, for one a colleague proposes points."""
    async with context.database.transaction() as tx:
        if (await desk.count_open(tx, now=now)).waiting:
            return
        user = await accounts.find_user(tx, email=MANAGER, kind="staff")
        assert user is not None, "the manager is made before"
        by = Actor(id=user.id, kind="staff", name=user.name)
        for (phone, kind, said, count), days in zip(_SAID, (4, 1), strict=True):
            member = await members.find_member(
                tx, ref=members.MemberRef(members.RefKind.PHONE, phone), partner_id=None
            )
            opened_at = now - timedelta(days=days, hours=3)
            dispute = await desk.open_dispute(
                tx,
                new=desk.NewDispute(
                    programme_id=programme.id,
                    member_id=member.id,
                    kind=kind,
                    said=said,
                    partner_id=partner.id,
                    points=count,
                ),
                opener=desk.Opener(side=desk.Side.MEMBER, id=member.id),
                now=opened_at,
            )
            if kind is desk.DisputeKind.MISSING:
                await desk.give_points(
                    tx,
                    dispute_id=dispute.id,
                    points=count,
                    reason="Касса была без связи",
                    by=by,
                    now=opened_at + timedelta(hours=20),
                )


async def _campaign(context: Context, programme: programmes.Programme, now: datetime) -> None:
    """Begin a campaign some weeks ago; the workers pick its members and measure what came of it."""
    segment = notifications.Segment(
        id=demo_id("segment", "autumn"),
        name="Покупали за последние три месяца",
        programme_id=programme.id,
        criteria=desk.Criteria(active_within_days=90),
    )
    campaign = notifications.Campaign(
        id=demo_id("campaign", "autumn"),
        name="Осенние предложения соседей",
        kind=Kind.OFFERS,
        programme_id=programme.id,
        segment_id=segment.id,
        variants=(
            Variant(
                code="a",
                texts={
                    "ru": Text(
                        title="Осень у соседей",
                        body="Включите предложения недели: кофе, книги и полный бак.",
                    ),
                    "en": Text(
                        title="Autumn with neighbours",
                        body="Switch on this week's offers: coffee, books and a full tank.",
                    ),
                },
            ),
        ),
        control_share=_CONTROL_SHARE,
        link="/ru/loyalty/offers",
        ends_at=now + _CAMPAIGN_LASTS,
        measured_days=21,
    )
    began_at = now - _CAMPAIGN_AGO
    async with context.database.transaction() as tx:
        user = await accounts.find_user(tx, email=MANAGER, kind="staff")
        assert user is not None, "the manager is made before"
        listed = await notifications.list_campaigns(tx, limit=1)
        if listed:
            return
        by = Actor(id=user.id, kind="staff", name=user.name)
        await notifications.save_segment(tx, segment=segment, by=by, now=began_at)
        await notifications.save_campaign(tx, campaign=campaign, by=by, now=began_at)
        for state in (CampaignState.APPROVED, CampaignState.RUNNING):
            await notifications.move_campaign(
                tx, campaign_id=campaign.id, to=state, by=by, now=began_at
            )
