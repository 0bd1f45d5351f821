"""What a member has said and may say anew: consents, notices, language, links, cards, devices."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.params import FromPath

from hansa.kernel.errors import HansaError
from hansa.modules import loyalty, notifications
from hansa.runtime.database import Transaction
from hansa.runtime.html import Form, Page
from hansa.runtime.http import Request, go_to
from hansa.surfaces.loyalty_app import access
from hansa.surfaces.loyalty_app.access import Visitor, enter
from hansa.surfaces.loyalty_app.addresses import LANGUAGES, in_each_language
from hansa.surfaces.loyalty_app.forms import read_texts
from hansa.surfaces.loyalty_app.frame import app_page, root_of
from hansa.surfaces.loyalty_app.lines import partner_name
from hansa.surfaces.loyalty_app.words import agent_text, clock_text, day_text, translator

CONSENT_DOCUMENT = "loyalty-consents"
CONSENT_VERSION = "2026-11"
CONSENTS = (
    (loyalty.members.PUSH, "Push messages with offers"),
    (loyalty.members.SMS, "SMS with offers"),
    (loyalty.members.EMAIL, "Letters with offers"),
    (loyalty.members.PROFILING, "Offers chosen by my purchases"),
)
NOTICES = (
    (notifications.Kind.TRANSACTIONAL, "Points came or went"),
    (notifications.Kind.EXPIRY, "Points will expire soon"),
    (notifications.Kind.OFFERS, "New offers"),
)


@get(in_each_language("/settings"))
async def settings(request: Request) -> Page:
    """Show what can be set, and where."""
    visitor = await enter(request)
    return await _settings_page(request, visitor, Form())


@post(in_each_language("/settings/consents"))
async def save_consents(request: Request) -> Response[Any]:
    """Keep what is agreed to and what is not."""
    visitor = await enter(request)
    form = await read_texts(request)
    async with request.transaction() as tx:
        for purpose, _ in CONSENTS:
            await _consent(tx, request, visitor, purpose, is_granted=form.checked(purpose))
    return _saved(request, "consents")


@post(in_each_language("/settings/notices"))
async def save_notices(request: Request) -> Response[Any]:
    """Keep which messages are wanted, by whatever way they come."""
    visitor = await enter(request)
    form = await read_texts(request)
    party_id = visitor.member.party_id
    async with request.transaction() as tx:
        if party_id is not None:
            for kind, _ in NOTICES:
                for channel in notifications.ChannelName:
                    await notifications.set_preference(
                        tx,
                        member_id=visitor.member.id,
                        party_id=party_id,
                        preference=notifications.Preference(
                            kind=kind, channel=channel, is_on=form.checked(kind.value)
                        ),
                        now=request.received_at,
                    )
    return _saved(request, "notices")


@post(in_each_language("/settings/language"))
async def save_language(request: Request) -> Response[Any]:
    """Keep the language that messages are written in, and go on in it."""
    visitor = await enter(request)
    form = await read_texts(request)
    language = form.text("language")
    language = language if language in LANGUAGES else request.language
    async with request.transaction() as tx:
        await loyalty.members.save_settings(
            tx,
            member_id=visitor.member.id,
            language=language,
            time_zone=visitor.zone,
            now=request.received_at,
        )
    return go_to(request, f"/{language}/loyalty/settings?saved=language")


@post(in_each_language("/settings/links/{partner_id:uuid}/end"))
async def end_link(request: Request, partner_id: FromPath[UUID]) -> Response[Any]:
    """Let a partner no longer name the member by its own number."""
    visitor = await enter(request)
    partner = visitor.coalition.partners.get(partner_id)
    if partner is not None:
        async with request.transaction() as tx:
            await loyalty.members.unlink_partner(
                tx,
                member_id=visitor.member.id,
                partner=partner,
                source="app",
                now=request.received_at,
            )
    return _saved(request, "links")


@post(in_each_language("/settings/cards"))
async def add_card(request: Request) -> Response[Any] | Page:
    """Add a printed card that is nobody's yet."""

    async def add(tx: Transaction, visitor: Visitor, form: Form[Any]) -> None:
        now = request.received_at
        token = loyalty.members.make_card_token(member_id=visitor.member.id, now=now)
        await loyalty.members.add_card(
            tx,
            member_id=visitor.member.id,
            number=form.text("number"),
            proof=loyalty.members.Proof(kind=loyalty.members.ProofKind.CARD, token=token),
            now=now,
        )

    return await _try(request, add, field="number", saved="cards")


@post(in_each_language("/settings/cards/new"))
async def issue_card(request: Request) -> Response[Any] | Page:
    """Make a number that lasts, for tills without a scanner and places without a network."""

    async def issue(tx: Transaction, visitor: Visitor, _: Form[Any]) -> None:
        await loyalty.members.issue_card(
            tx,
            member_id=visitor.member.id,
            programme=visitor.programme,
            now=request.received_at,
        )

    return await _try(request, issue, saved="cards", where="card")


@post(in_each_language("/settings/cards/{card_id:uuid}/lost"))
async def lose_card(request: Request, card_id: FromPath[UUID]) -> Response[Any] | Page:
    """Take a lost card out of use; the points stay."""

    async def lose(tx: Transaction, visitor: Visitor, _: Form[Any]) -> None:
        await loyalty.members.end_card(
            tx,
            member_id=visitor.member.id,
            card_id=card_id,
            end=loyalty.members.CardState.LOST,
            now=request.received_at,
        )

    return await _try(request, lose, saved="cards")


@post(in_each_language("/settings/sessions/{session_id:uuid}/end"))
async def end_session(request: Request, session_id: FromPath[UUID]) -> Response[Any]:
    """Sign another device out."""
    visitor = await enter(request)
    async with request.transaction() as tx:
        await loyalty.sessions.end_session(
            tx,
            member_id=visitor.session.member_id,
            session_id=session_id,
            now=request.received_at,
        )
    return _saved(request, "devices")


@post(in_each_language("/settings/leave"))
async def leave(request: Request) -> Response[Any] | Page:
    """Leave the programme; points that are left must be given up by name."""
    visitor = await enter(request)
    form = await read_texts(request)
    try:
        async with request.transaction() as tx:
            await loyalty.members.leave_programme(
                tx,
                member_id=visitor.member.id,
                programme_id=visitor.programme.id,
                forfeit=form.checked("forfeit"),
                now=request.received_at,
            )
            await loyalty.sessions.end_session(
                tx,
                member_id=visitor.session.member_id,
                session_id=None,
                now=request.received_at,
            )
    except HansaError as refused:
        form.add("leave", refused)
        return await _settings_page(request, visitor, form, status_code=422)
    access.drop_member(request)
    return go_to(request, f"{root_of(request)}/signed-out")


async def _try(
    request: Request,
    change: Callable[[Transaction, Visitor, Form[Any]], Awaitable[None]],
    *,
    field: str = "",
    saved: str,
    where: str = "settings",
) -> Response[Any] | Page:
    """Change something; a refusal is told where it was asked for."""
    visitor = await enter(request)
    form = await read_texts(request)
    try:
        async with request.transaction() as tx:
            await change(tx, visitor, form)
    except HansaError as refused:
        form.add(field, refused)
        return await _settings_page(request, visitor, form, status_code=422)
    return go_to(request, f"{root_of(request)}/{where}?saved={saved}")


async def _consent(
    tx: Transaction, request: Request, visitor: Visitor, purpose: str, *, is_granted: bool
) -> None:
    await loyalty.members.set_consent(
        tx,
        member_id=visitor.member.id,
        purpose=purpose,
        is_granted=is_granted,
        document=CONSENT_DOCUMENT,
        version=CONSENT_VERSION,
        source="app",
        now=request.received_at,
    )


def _saved(request: Request, what: str) -> Response[Any]:
    return go_to(request, f"{root_of(request)}/settings?saved={what}#{what}")


async def _settings_page(
    request: Request, visitor: Visitor, form: Form[Any], *, status_code: int = 200
) -> Page:
    member_id, language, zone = visitor.member.id, request.language, visitor.zone
    now, translate = request.received_at, translator(request)
    async with request.snapshot() as snap:
        consents = await loyalty.members.list_consents(snap, member_id=member_id)
        links = await loyalty.members.list_links(snap, member_id=member_id)
        cards = await loyalty.members.list_cards(snap, member_id=member_id)
        sessions = await loyalty.sessions.list_sessions(
            snap, member_id=visitor.session.member_id, now=now
        )
        declined = await notifications.list_preferences(snap, member_ids=[member_id])
    granted = {one.purpose: one for one in consents if one.is_granted}
    web = notifications.ChannelName.WEBPUSH
    return app_page(
        request,
        "settings.html",
        visitor=visitor,
        tab="settings",
        status_code=status_code,
        form=form,
        saved=request.query_params.get("saved", ""),
        consents=[(one, translate(title), one in granted) for one, title in CONSENTS],
        rules=granted.get(loyalty.members.RULES),
        consent_version=CONSENT_VERSION,
        notices=[
            (kind.value, translate(title), (kind, web) not in declined.get(member_id, frozenset()))
            for kind, title in NOTICES
        ],
        links=[
            {
                "partner_id": one.partner_id,
                "name": partner_name(request, visitor, one.partner_id),
                "since": day_text(one.linked_at, language, zone, now=now),
            }
            for one in links
        ],
        cards=[
            {
                "id": one.id,
                "digits": one.last_digits,
                "since": day_text(one.issued_at, language, zone, now=now) if one.issued_at else "",
            }
            for one in cards
            if one.state is loyalty.members.CardState.ACTIVE
        ],
        sessions=[
            {
                "id": one.id,
                "agent": agent_text(one.agent),
                "is_shell": one.kind is loyalty.sessions.SessionKind.SHELL,
                "seen": clock_text(one.seen_at, language, zone),
                "is_own": one.id in {visitor.session.id, visitor.session.parent_id},
            }
            for one in sessions
        ],
        joined=day_text(visitor.member.joined_at, language, zone, now=now),
    )
