"""One member: what they have and what it is made of, how it came to be, who they are."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath

from hansa.kernel.text import pick
from hansa.modules import ledger, notifications, parties
from hansa.modules.loyalty import desk, guard, members, offers, points
from hansa.modules.loyalty.members import Member, Membership
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page, first_shown
from hansa.runtime.http import Request
from hansa.surfaces.backoffice import loyalty_desk_words as say
from hansa.surfaces.backoffice.loyalty_alerts import HOME as ALERTS
from hansa.surfaces.backoffice.loyalty_alerts import KINDS as ALERT_KINDS
from hansa.surfaces.backoffice.loyalty_alerts import STATES as ALERT_STATES
from hansa.surfaces.backoffice.loyalty_members import HOME
from hansa.surfaces.backoffice.presenting import PAGE_ROWS, asked, show, words
from hansa.surfaces.backoffice.shell import staff

SIDE_ROWS = 10
_CURSOR = "office.loyalty.postings"

REASONS: Mapping[str, str] = {
    offers.ReasonKind.BASE: "base",
    offers.ReasonKind.RAISE: "raised by",
    offers.ReasonKind.CAP: "not above",
}
PURPOSES: Mapping[str, str] = {
    members.RULES: "Rules of the programme",
    members.PUSH: "Messages to the app",
    members.SMS: "Messages by SMS",
    members.EMAIL: "Letters",
    members.PROFILING: "Personal offers",
}


@get(HOME + "/{member_id:uuid}")
async def show_member(request: Request, member_id: FromPath[UUID]) -> Page:
    """Show a member in one of their programmes; of a merged one, who stands for it."""
    staff(request, "loyalty.view")
    return await member_page(request, member_id)


async def member_page(
    request: Request,
    member_id: UUID,
    *,
    form: Form[Any] | None = None,
    status_code: int = 200,
) -> Page:
    """Make the page; `form` is one that was sent and not accepted."""
    async with request.snapshot() as snap:
        member = await members.get_member(snap, member_id=member_id)
        party = None
        if member.party_id is not None:
            known = await parties.get_parties(snap, party_ids=[member.party_id])
            party = known.get(member.party_id)
        membership = _chosen(request, member)
        values: dict[str, Any] = {"has": None}
        if membership is not None:
            values |= await _points_of(request, snap, membership)
        values |= await _around(request, snap, member, membership)
    return show(
        request,
        "loyalty_member.html",
        status_code=status_code,
        member={
            "id": member.id,
            "url": f"{HOME}/{member.id}",
            "short": say.short(member.id),
            "state": say.state_of(request, say.MEMBER_STATES, member.state),
            "is_blocked": member.state is members.MemberState.BLOCKED,
            "is_erased": member.erased_at is not None,
            "blocked_reason": member.blocked_reason,
            "joined": say.moment(request, member.joined_at),
            "language": member.language,
            "time_zone": member.time_zone,
        },
        asked_for=say.short(member_id) if member_id != member.id else "",
        who=say.person_of(request, party, erased=member.erased_at is not None),
        tabs=[
            {
                "label": say.programme_name(request, one.programme_id),
                "href": f"{HOME}/{member.id}?programme={one.programme_id}",
                "current": membership is not None and one == membership,
            }
            for one in member.memberships
        ],
        programme_id=membership.programme_id if membership else None,
        form=form or first_shown(request),
        **values,
    )


def _chosen(request: Request, member: Member) -> Membership | None:
    wanted = say.as_uuid(asked(request, "programme"))
    chosen = member.membership(wanted) if wanted else None
    return chosen or next(iter(member.memberships), None)


async def _points_of(request: Request, snap: Snapshot, membership: Membership) -> dict[str, Any]:
    key = (membership.programme_id, membership.member_id)
    balances = await points.read_balances(snap, members=[key], now=request.received_at)
    lots = await points.list_lots(snap, membership=membership)
    holds = await ledger.list_holds(
        snap,
        bucket=membership.bucket,
        account_id=membership.account_id,
        limit=SIDE_ROWS,
        open_only=True,
    )
    after = request.read_cursor(request.query_params.get("after"), of=_CURSOR, types=(int,))
    found = await points.read_history(
        snap,
        membership=membership,
        before=after[0] if after else None,
        limit=PAGE_ROWS + 1,
    )
    page, cursor = request.page_of(
        found, limit=PAGE_ROWS, of=_CURSOR, key=lambda one: [one.version]
    )
    home = f"{HOME}/{membership.member_id}"
    here = f"{home}?programme={membership.programme_id}"
    balance = balances.get(key)
    return {
        "has": None if balance is None else _balance(request, balance),
        "membership_state": say.state_of(request, say.MEMBER_STATES, membership.state),
        "lots": [_lot(request, one) for one in lots],
        "holds": [_hold(request, one) for one in holds],
        "entries": [_entry(request, one, membership) for one in page],
        "first_url": f"{here}#postings" if after else None,
        "next_url": f"{here}&after={cursor}#postings" if cursor else None,
        **await _percents(request, snap, membership),
    }


def _balance(request: Request, balance: points.Balance) -> dict[str, Any]:
    return {
        "posted": say.number(request, balance.posted),
        "available": say.number(request, balance.available),
        "pending": say.number(request, balance.pending),
        "held": say.number(request, balance.held),
        "owed": say.number(request, balance.owed),
        "owes": balance.owed > 0,
        "expiring": say.number(request, balance.expiring),
        "expires": say.moment(request, balance.expires_at) if balance.expiring else "",
    }


def _lot(request: Request, lot: points.Lot) -> dict[str, Any]:
    return {
        "id": lot.id,
        "short": str(lot.id)[-8:],
        "issuer": say.issuer_name(request, lot.issuer),
        "remaining": say.number(request, lot.remaining),
        "held": say.number(request, lot.held) if lot.held else "—",
        "earned": say.moment(request, lot.earned_at),
        "active": say.moment(request, lot.active_at),
        "is_pending": lot.active_at > request.received_at,
        "expires": say.moment(request, lot.expires_at),
    }


def _hold(request: Request, hold: ledger.Hold) -> dict[str, Any]:
    return {
        "key": hold.key,
        "partner": say.partner_name(request, hold.owner),
        "points": say.number(request, hold.amount),
        "until": say.moment(request, hold.expires_at),
    }


def _entry(request: Request, entry: ledger.HistoryEntry, membership: Membership) -> dict[str, Any]:
    home = f"{HOME}/{membership.member_id}"
    return {
        "url": f"{home}/programmes/{membership.programme_id}/postings/{entry.posting_id}",
        "kind": words(request)(say.KINDS.get(entry.kind, entry.kind)),
        "partner": say.partner_name(request, entry.owner),
        "reference": entry.reference,
        "points": say.signed(request, entry.amount),
        "is_taken": entry.amount < 0,
        "balance": say.number(request, entry.balance),
        "happened": say.moment(request, entry.effective_at),
        "recorded": say.moment(request, entry.recorded_at),
    }


async def _percents(request: Request, snap: Snapshot, membership: Membership) -> dict[str, Any]:
    key = (membership.programme_id, membership.member_id)
    standing = (await offers.load_standings(snap, members=[key]))[key]
    rules = request.context.service(offers.Rulebook).rules
    now, translate = request.received_at, words(request)
    percents = []
    for terms in say.coalition_of(request).terms.values():
        if terms.programme.id != membership.programme_id or not terms.may_earn:
            continue
        whole, reasons = offers.percent_at(standing, terms, "", now)
        percents.append(
            {
                "partner": say.partner_name(request, terms.partner.id),
                "percent": say.percent(request, whole),
                "reasons": [
                    {
                        "text": translate(REASONS[one.kind]),
                        "percent": say.percent(request, one.percent),
                        "offer": _offer(request, rules, one.offer_id) if one.offer_id else "",
                        "until": say.moment(request, one.until),
                    }
                    for one in reasons
                ],
            }
        )
    return {
        "percents": percents,
        "switched": [
            {
                "offer": _offer(request, rules, offer_id),
                "since": say.moment(request, switches[-1].at),
            }
            for offer_id, switches in standing.switches.items()
            if standing.is_on(offer_id, now)
        ],
    }


def _offer(request: Request, rules: offers.RuleSet, offer_id: UUID) -> str:
    found = rules.offer(offer_id)
    if found is None:
        return str(offer_id)[:8]
    return pick(found.content.wording.title, request.language) or found.code


async def _around(
    request: Request, snap: Snapshot, member: Member, membership: Membership | None
) -> dict[str, Any]:
    return {
        **await _names(request, snap, member),
        **await _devices(request, snap, member, membership),
        **await _past(request, snap, member),
        **await _work(request, snap, member),
    }


async def _names(request: Request, snap: Snapshot, member: Member) -> dict[str, Any]:
    """Give what names a member, and what they have agreed to."""
    cards = await members.list_cards(snap, member_id=member.id)
    links = await members.list_links(snap, member_id=member.id)
    consents = await members.list_consents(snap, member_id=member.id)
    translate = words(request)
    return {
        "cards": [
            {
                "digits": f"··{one.last_digits}",
                "is_active": one.state is members.CardState.ACTIVE,
                "issued": say.moment(request, one.issued_at),
            }
            for one in cards
        ],
        "links": [
            {
                "partner": say.partner_name(request, one.partner_id),
                "since": say.moment(request, one.linked_at),
            }
            for one in links
        ],
        "consents": [
            {
                "purpose": translate(PURPOSES.get(one.purpose, one.purpose)),
                "is_granted": one.is_granted,
                "version": one.version,
                "decided": say.moment(request, one.decided_at),
            }
            for one in consents
        ],
    }


async def _devices(
    request: Request, snap: Snapshot, member: Member, membership: Membership | None
) -> dict[str, Any]:
    """Give devices that get messages, and devices that points were spent from."""
    phones = await notifications.list_devices(snap, member_ids=[member.id])
    seen = None
    if membership is not None:
        seen = await guard.standing_of(
            snap, programme_id=membership.programme_id, member_id=member.id
        )
    return {
        "apps": [
            {"channel": str(one.channel), "seen": say.moment(request, one.seen_at)}
            for one in phones.get(member.id, ())
        ],
        "guarded": [
            {
                "name": str(one.device)[:8],
                "seen": say.moment(request, one.seen_at),
                "trusted": say.moment(request, one.trusted_at),
            }
            for one in (seen.devices if seen else ())
        ],
        "may_not_spend": seen is not None and seen.is_blocked,
    }


async def _past(request: Request, snap: Snapshot, member: Member) -> dict[str, Any]:
    """Give merges, and what was done by whom."""
    merges = await members.list_member_merges(snap, member_id=member.id)
    history = await members.list_history(snap, member_id=member.id, limit=SIDE_ROWS)
    return {
        "merges": [
            {
                "id": one.id,
                "other": say.short(one.absorb_id if one.keep_id == member.id else one.keep_id),
                "made": say.moment(request, one.made_at),
                "undone": say.moment(request, one.undone_at),
                "can_undo": one.undone_at is None and one.keep_id == member.id,
            }
            for one in merges
        ],
        "history": [
            {
                "action": one.action.removeprefix("loyalty."),
                "by": one.actor_name,
                "at": say.moment(request, one.at),
            }
            for one in history
        ],
    }


async def _work(request: Request, snap: Snapshot, member: Member) -> dict[str, Any]:
    """Give what staff has to do with a member: alerts, corrections, cases."""
    alerts = await guard.list_alerts(
        snap, chosen=guard.AlertFilter(member_id=member.id), limit=SIDE_ROWS
    )
    corrections = await desk.list_corrections(snap, member_id=member.id, limit=SIDE_ROWS)
    cases = await desk.list_disputes(
        snap, chosen=desk.DisputeFilter(member_id=member.id), limit=SIDE_ROWS
    )
    translate = words(request)
    return {
        "alerts": [
            {
                "url": f"{ALERTS}/{one.id}",
                "kind": translate(ALERT_KINDS[one.kind]),
                "state": translate(ALERT_STATES[one.state][0]),
                "tone": ALERT_STATES[one.state][1],
                "last": say.moment(request, one.last_at),
            }
            for one in alerts
        ],
        "corrections": [
            {
                "url": f"{say.HOME}/corrections/{one.id}",
                "points": say.signed(request, one.points),
                "reason": one.reason,
                "state": say.state_of(request, say.CORRECTION_STATES, one.state),
            }
            for one in corrections
        ],
        "cases": [
            {
                "url": f"{say.HOME}/disputes/{one.id}",
                "kind": translate(say.DISPUTE_KINDS[one.kind]),
                "state": say.state_of(request, say.DISPUTE_STATES, one.state),
                "due": say.moment(request, one.due_at),
            }
            for one in cases
        ],
    }


ROUTES = (show_member,)
