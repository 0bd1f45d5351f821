"""One posting with its story: who asked for it, what moved between which lots, and why."""

from typing import Any
from uuid import UUID

from litestar import get
from litestar.params import FromPath

from hansa.kernel.money import Money
from hansa.kernel.text import pick
from hansa.modules.loyalty import desk, members, offers, points
from hansa.modules.loyalty.desk import Story
from hansa.runtime.html import Page
from hansa.runtime.html.formats import format_money
from hansa.runtime.http import Request, problems
from hansa.surfaces.backoffice import loyalty_desk_words as say
from hansa.surfaces.backoffice.loyalty_members import HOME
from hansa.surfaces.backoffice.loyalty_words import speech_of
from hansa.surfaces.backoffice.presenting import show, words
from hansa.surfaces.backoffice.shell import staff


@get(HOME + "/{member_id:uuid}/programmes/{programme_id:uuid}/postings/{posting_id:uuid}")
async def show_posting(
    request: Request,
    member_id: FromPath[UUID],
    programme_id: FromPath[UUID],
    posting_id: FromPath[UUID],
) -> Page:
    """Show a posting with all that is known of it."""
    staff(request, "loyalty.view")
    async with request.snapshot() as snap:
        member = await members.get_member(snap, member_id=member_id)
        membership = member.membership(programme_id)
        if membership is None:
            raise members.MemberNotFound
        story = await desk.tell_story(snap, membership=membership, posting_id=posting_id)
    posting = story.posting
    home = f"{HOME}/{member_id}/programmes/{programme_id}/postings"
    kind = words(request)(say.KINDS.get(posting.kind, posting.kind))
    return show(
        request,
        "loyalty_posting.html",
        kind=kind,
        points=say.signed(request, story.points),
        member={"url": f"{HOME}/{member_id}", "short": say.short(member_id)},
        programme=say.programme_name(request, programme_id),
        posting={
            "id": posting.id,
            "partner": say.partner_name(request, posting.owner),
            "key": posting.key,
            "reference": posting.reference,
            "happened": say.moment(request, posting.effective_at),
            "recorded": say.moment(request, posting.recorded_at),
            "refusal": posting.refusal or "",
            "balance": say.number(request, story.answer.balance) if story.answer else "",
        },
        transfers=[
            {
                "from": _account(request, one.debit, story),
                "to": _account(request, one.credit, story),
                "points": say.number(request, one.amount),
                "issuer": say.issuer_name(request, one.issuer),
                "lot": str(one.tag)[-8:] if one.tag else "",
            }
            for one in story.transfers
        ],
        lines=_lines(request, story),
        receipt=_receipt(request, story),
        hold=_hold(request, story),
        reverses=f"{home}/{story.reverses}" if story.reverses else "",
        reversals=[(str(one)[-8:], f"{home}/{one}") for one in story.reversed_by],
        batch=_batch(request, story),
        dispute_url=f"{say.HOME}/disputes/new?member={member_id}&programme={programme_id}"
        f"&posting={posting.id}",
    )


def _account(request: Request, account: int, story: Story) -> str:
    """Say in words what an account is; the numbers are those of the chart of accounts."""
    translate = words(request)
    if account == story.membership.account_id:
        return translate("the member")
    if account > 0:
        return translate("another member")
    partner, kind = divmod(-account, 10)
    named = {
        1: translate("issued"),
        2: translate("spent at"),
        3: translate("expired"),
        4: translate("goodwill"),
        5: translate("compensation"),
        6: translate("in transit"),
        7: translate("written off by"),
    }.get(kind, str(account))
    of_partner = {1, 2, 7}
    return f"{named}: {say.issuer_name(request, partner)}" if kind in of_partner else named


def _lines(request: Request, story: Story) -> list[dict[str, Any]]:
    """Give what each line earned and why, as it was told then."""
    if story.answer is None:
        return []
    bought = {one.line: one for one in story.receipt.content.lines} if story.receipt else {}
    rules = request.context.service(offers.Rulebook).rules
    programme = say.coalition_of(request).programmes.get(story.membership.programme_id)
    speech, shown = speech_of(request), []
    for line in story.answer.lines:
        of_receipt = bought.get(line.line)
        offer = rules.offer(line.campaign_id) if line.campaign_id else None
        amount = ""
        if of_receipt is not None and programme is not None:
            amount = format_money(
                Money(of_receipt.amount_minor, programme.currency), request.language
            )
        shown.append(
            {
                "line": line.line,
                "category": (speech.category(of_receipt.category) or of_receipt.item)
                if of_receipt
                else "",
                "amount": amount,
                "percent": say.percent(request, line.percent),
                "points": say.number(request, line.points),
                "reason": speech.reason(line.reason),
                "offer": pick(offer.content.wording.title, request.language) or offer.code
                if offer
                else "",
            }
        )
    return shown


def _receipt(request: Request, story: Story) -> dict[str, Any] | None:
    receipt = story.receipt
    programme = say.coalition_of(request).programmes.get(story.membership.programme_id)
    if receipt is None or programme is None:
        return None
    content = receipt.content
    return {
        "number": receipt.receipt,
        "happened": say.moment(request, receipt.happened_at),
        "total": format_money(Money(content.total_minor, programme.currency), request.language),
        "returned": format_money(
            Money(content.returned_minor, programme.currency), request.language
        ),
        "earned": say.number(request, sum(one.points for one in content.awards)),
        "paid": say.number(request, sum(one.points - one.restored for one in content.spends)),
        "version": receipt.version,
        "refused_returns": [
            problems.detail(request, refusal)
            for one in content.waiting
            if (refusal := points.refusal_of(one)) is not None
        ],
    }


def _hold(request: Request, story: Story) -> dict[str, str] | None:
    hold = story.hold
    if hold is None:
        return None
    return {
        "key": hold.key,
        "points": say.number(request, hold.amount),
        "taken": say.number(request, hold.taken),
        "state": str(hold.state),
        "held": say.moment(request, hold.held_at),
        "until": say.moment(request, hold.expires_at),
        "ended": say.moment(request, hold.ended_at),
    }


def _batch(request: Request, story: Story) -> dict[str, str] | None:
    batch = story.batch
    if batch is None:
        return None
    return {
        "number": "" if batch.number is None else say.number(request, batch.number),
        "chain": batch.chain.hex() if batch.chain else "",
        "postings": say.number(request, batch.postings),
        "recorded": say.moment(request, batch.recorded_at),
    }


ROUTES = (show_posting,)
