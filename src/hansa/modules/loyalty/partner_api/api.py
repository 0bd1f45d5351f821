"""`/loyalty/v1`: receipts, returns, accruals, holds, spending, reversals, balances.

Each handler reads its body into a command, lets the poster answer it in a batch, and sends the
bytes that are kept under its key: a repeat gets the very same. `?dry_run=true` answers and does
nothing; so does every call of a sandbox key.
"""

import hashlib
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from litestar import get, post
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter

from hansa.kernel.errors import HansaError
from hansa.modules.loyalty import points
from hansa.modules.loyalty.members import MemberRef, Membership, RefKind, resolve
from hansa.modules.loyalty.partner_api.bodies import (
    AccrualBody,
    BalanceView,
    BatchAnswers,
    BatchBody,
    BatchItem,
    CommandBody,
    HoldBody,
    PostBody,
    PostingView,
    PurchaseBody,
    ReturnBody,
    ReversalBody,
    SentAnswer,
    SpendingBody,
    VoidBody,
)
from hansa.modules.loyalty.programmes.calling import ProgrammeQuery, partner_of, terms_of
from hansa.runtime.http import Actor, Cursor, Limit, ListPage, Request, WrittenJson, authorise
from hansa.runtime.http.problems import problem_of, status_of

HOME = "/loyalty/v1"
TAGS = ["Loyalty: points"]
READ = "loyalty.read"
EARN = "loyalty.earn"
SPEND = "loyalty.spend"

DryRun = Annotated[bool, QueryParameter(description="Answer as if it were done, and do nothing.")]
_ANSWER = {
    200: ResponseSpec(points.Receipt, generate_examples=False, description="Done, or done before")
}
_ANSWERS = {200: ResponseSpec(BatchAnswers, generate_examples=False, description="Each by itself")}
_REPLAYED = ((b"idempotency-replayed", b"true"),)


@post(f"{HOME}/purchases", tags=TAGS, summary="Report a receipt", responses=_ANSWER)
async def report_purchase(
    request: Request, data: JSONBody[PurchaseBody], *, dry_run: FromQuery[DryRun] = False
) -> WrittenJson:
    """A receipt earns points by the rules in force when it happened; the answer says why."""
    return await _post(request, data, authorise(request, EARN), dry_run=dry_run)


@post(f"{HOME}/returns", tags=TAGS, summary="Report a return", responses=_ANSWER)
async def report_return(
    request: Request, data: JSONBody[ReturnBody], *, dry_run: FromQuery[DryRun] = False
) -> WrittenJson:
    """Goods come back, by line: earned points are taken back, spent ones restored.

    A return that comes before its purchase is kept and waits for it (`is_waiting`); what became of
    it then is read with the receipt.
    """
    return await _post(request, data, authorise(request, EARN), dry_run=dry_run)


@post(f"{HOME}/accruals", tags=TAGS, summary="Give points", responses=_ANSWER)
async def accrue(
    request: Request, data: JSONBody[AccrualBody], *, dry_run: FromQuery[DryRun] = False
) -> WrittenJson:
    """Give points that you have counted yourself."""
    return await _post(request, data, authorise(request, EARN), dry_run=dry_run)


@post(f"{HOME}/holds", tags=TAGS, summary="Hold points", responses=_ANSWER)
async def hold(
    request: Request, data: JSONBody[HoldBody], *, dry_run: FromQuery[DryRun] = False
) -> WrittenJson:
    """Set points aside. The `Idempotency-Key` of this call is the key of the hold."""
    return await _post(request, data, authorise(request, SPEND), dry_run=dry_run)


@post(f"{HOME}/holds/post", tags=TAGS, summary="Spend held points", responses=_ANSWER)
async def post_hold(
    request: Request, data: JSONBody[PostBody], *, dry_run: FromQuery[DryRun] = False
) -> WrittenJson:
    """Spend what a hold set aside, or a part of it; the rest comes back."""
    return await _post(request, data, authorise(request, SPEND), dry_run=dry_run)


@post(f"{HOME}/holds/void", tags=TAGS, summary="Give held points back", responses=_ANSWER)
async def void_hold(
    request: Request, data: JSONBody[VoidBody], *, dry_run: FromQuery[DryRun] = False
) -> WrittenJson:
    """Give back what a hold set aside."""
    return await _post(request, data, authorise(request, SPEND), dry_run=dry_run)


@post(f"{HOME}/spendings", tags=TAGS, summary="Spend points", responses=_ANSWER)
async def spend(
    request: Request, data: JSONBody[SpendingBody], *, dry_run: FromQuery[DryRun] = False
) -> WrittenJson:
    """Spend points at once, those that expire first."""
    return await _post(request, data, authorise(request, SPEND), dry_run=dry_run)


@post(f"{HOME}/reversals", tags=TAGS, summary="Take a posting back", responses=_ANSWER)
async def reverse(
    request: Request, data: JSONBody[ReversalBody], *, dry_run: FromQuery[DryRun] = False
) -> WrittenJson:
    """Take back an accrual or spending of yours, whole or in part; never more than it was."""
    return await _post(request, data, authorise(request, EARN), dry_run=dry_run)


async def _post(request: Request, data: CommandBody, actor: Actor, *, dry_run: bool) -> WrittenJson:
    key = request.idempotency_key
    assert key is not None, "the gate asks for one"
    _check_key(key)
    command = data.command(terms_of(request, data.programme), key, request.received_at)
    poster = request.context.service(points.Poster)
    if dry_run or actor.is_sandbox:
        [answer] = await poster.try_out([command])
        if isinstance(answer, Exception):
            raise answer
    else:
        answer = await poster.post(command, content=await _content(request))
    return WrittenJson(answer.body, headers=_REPLAYED if answer.is_repeat else ())


async def _content(request: Request) -> bytes:
    """Give what a repeat must bring again: the body as it was sent."""
    return hashlib.blake2b(await request.body(), digest_size=16).digest()


def _check_key(key: str) -> None:
    if key.startswith("hansa:"):
        raise points.CommandInvalid("Idempotency-Key", "a key that does not begin with “hansa:”")


@post(
    f"{HOME}/batches",
    tags=TAGS,
    summary="Send many commands",
    responses={
        200: ResponseSpec(BatchAnswers, generate_examples=False, description="Each by itself")
    },
)
async def send_batch(request: Request, data: JSONBody[BatchBody]) -> WrittenJson:
    """Send up to 500 commands, each with its own key and answered by itself, in their order.

    The `Idempotency-Key` of the call itself is not kept: the keys of the items are what counts.
    """
    actor = authorise(request, "loyalty.bulk")
    partner_of(request)
    for scope in {item.command.scope for item in data.items}:
        authorise(request, scope)
    poster = request.context.service(points.Poster)
    answers: list[SentAnswer | None] = [None] * len(data.items)
    asked: list[tuple[int, points.Command, bytes]] = []
    for place, item in enumerate(data.items):
        try:
            _check_key(item.key)
            terms = terms_of(request, item.command.programme)
            command = item.command.command(terms, item.key, request.received_at)
        except HansaError as error:
            answers[place] = _refused(request, item.key, error)
            continue
        asked.append((place, command, msgspec.json.encode(item.command)))
    if data.dry_run or actor.is_sandbox:
        given = await poster.try_out_each([command for _, command, _ in asked])
    else:
        given = await poster.post_all([(command, content) for _, command, content in asked])
    for (place, _, _), answer in zip(asked, given, strict=True):
        answers[place] = _told(request, data.items[place], answer)
    body = msgspec.json.encode({"items": answers})
    return WrittenJson(body)


def _told(request: Request, item: BatchItem, answer: points.Answered | Exception) -> SentAnswer:
    if isinstance(answer, HansaError):
        return _refused(request, item.key, answer)
    if isinstance(answer, Exception):
        raise answer
    kept = msgspec.Raw(answer.body)
    return SentAnswer(key=item.key, status=200, answer=kept, is_repeat=answer.is_repeat)


def _refused(request: Request, key: str, error: HansaError) -> SentAnswer:
    return SentAnswer(key=key, status=status_of(error), problem=_problem(request, error))


def _problem(request: Request, error: HansaError) -> dict[str, object]:
    written: dict[str, object] = msgspec.to_builtins(problem_of(request, error, status_of(error)))
    return written


@get(f"{HOME}/members/{{member_id:uuid}}/balance", tags=TAGS, summary="Read a balance")
async def read_balance(
    request: Request, member_id: FromPath[UUID], programme: FromQuery[ProgrammeQuery | None] = None
) -> WrittenJson:
    """What a member has, can spend, will be able to spend, and loses soon."""
    authorise(request, READ)
    terms = terms_of(request, programme or "")
    reader = request.context.service(points.BalanceReader)
    balance = await reader.get(programme_id=terms.programme.id, member_id=member_id)
    if balance is None:
        raise points.MemberUnknown
    body = msgspec.json.encode(BalanceView.of(balance))
    return WrittenJson(body)


@get(f"{HOME}/members/{{member_id:uuid}}/postings", tags=TAGS, summary="Read a history")
async def read_postings(
    request: Request,
    member_id: FromPath[UUID],
    programme: FromQuery[ProgrammeQuery | None] = None,
    cursor: FromQuery[Cursor] = None,
    limit: FromQuery[Limit] = 50,
) -> ListPage[PostingView]:
    """Postings that changed a member's balance, newest first; keys only of your own."""
    authorise(request, READ)
    terms = terms_of(request, programme or "")
    of = f"loyalty.postings.{member_id}"
    after = request.read_cursor(cursor, of=of, types=(int,))
    async with request.snapshot() as snap:
        ref = (terms.programme.id, terms.partner.id, MemberRef(RefKind.ID, str(member_id)))
        membership: Membership | None = (await resolve(snap, programme_id_refs=[ref])).get(ref)
        if membership is None:
            raise points.MemberUnknown
        rows = await points.read_history(
            snap, membership=membership, before=after[0] if after else None, limit=limit + 1
        )
    page, following = request.page_of(rows, limit=limit, of=of, key=lambda row: (row.version,))
    mine = terms.partner.id
    return ListPage(
        items=[
            PostingView(
                posting_id=row.posting_id,
                version=row.version,
                kind=row.kind,
                points=row.amount,
                balance=row.balance,
                effective_at=row.effective_at,
                recorded_at=row.recorded_at,
                is_yours=row.owner == mine,
                key=row.key if row.owner == mine else "",
                reference=row.reference if row.owner == mine else "",
            )
            for row in page
        ],
        next=following,
    )


@get(f"{HOME}/receipts/{{receipt:str}}", tags=TAGS, summary="Read a receipt")
async def read_receipt(request: Request, receipt: FromPath[str]) -> "ReceiptView":
    """A receipt of yours with what came back of it and what it has earned.

    A return that came before its purchase is among `early_returns`: whether it counts is known once
    the purchase is here, and the problem says why it does not.
    """
    authorise(request, READ)
    partner = partner_of(request)
    async with request.snapshot(single=True) as snap:
        kept = await points.find_receipt(snap, partner_id=partner.id, receipt=receipt)
    if kept is None:
        raise points.PostingUnknown(receipt)
    return ReceiptView.of(request, kept)


class ReceiptLineView(msgspec.Struct, kw_only=True):
    """A line with what came back of it and what it earns."""

    line: int
    amount_minor: int
    returned_minor: int
    points: int = 0
    percent: int = 0
    reason: str = ""


class EarlyReturnView(msgspec.Struct, kw_only=True):
    """A return that came before its purchase. No lines: all of it.

    `problem` is what it would have been answered had it come after; without one it waits or counts.
    """

    happened_at: datetime
    lines: list[int]
    is_refused: bool
    problem: dict[str, object] | None = None

    @classmethod
    def of(cls, request: Request, returned: points.WaitingReturn) -> "EarlyReturnView":
        """Make it of a return that waits, or waited."""
        refusal = points.refusal_of(returned)
        return cls(
            happened_at=returned.happened_at,
            lines=[line for line, _, _ in returned.lines],
            is_refused=returned.is_refused,
            problem=None if refusal is None else _problem(request, refusal),
        )


class ReceiptView(msgspec.Struct, kw_only=True):
    """A receipt as it stands."""

    receipt: str
    member_id: UUID | None
    happened_at: datetime | None
    is_waiting: bool
    earned: int
    spent: int
    restored: int
    lines: list[ReceiptLineView]
    early_returns: list[EarlyReturnView]

    @classmethod
    def of(cls, request: Request, kept: points.KeptReceipt) -> "ReceiptView":
        """Make it of a receipt."""
        content = kept.content
        earned = {one.line: one for one in content.earnings}
        lines = []
        for one in content.lines:
            line = ReceiptLineView(
                line=one.line, amount_minor=one.amount_minor, returned_minor=one.returned_minor
            )
            if found := earned.get(one.line):
                line.points, line.percent, line.reason = found.points, found.percent, found.reason
            lines.append(line)
        return cls(
            receipt=kept.receipt,
            member_id=kept.member_id,
            happened_at=kept.happened_at,
            is_waiting=kept.member_id is None,
            earned=sum(one.points for one in content.awards),
            spent=sum(one.points for one in content.spends),
            restored=sum(one.restored for one in content.spends),
            lines=lines,
            early_returns=[EarlyReturnView.of(request, one) for one in content.waiting],
        )


ROUTES = (
    report_purchase,
    report_return,
    accrue,
    hold,
    post_hold,
    void_hold,
    spend,
    reverse,
    send_batch,
    read_balance,
    read_postings,
    read_receipt,
)
