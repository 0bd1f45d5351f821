"""Background work: looks at cases, and what shops are told in their channels.

A message is written down before it is sent and again when it was: after a crash in between it is
sent once more under the same key, which a channel that can look for it recognises. Buttons of
either message lead to the same question, which takes one answer.
"""

import msgspec
import structlog

from hansa.kernel.errors import Rejected, Unavailable
from hansa.modules.fulfilment import clocks, looking, queries, rows
from hansa.modules.fulfilment.asking import AnswerChannel, Handle
from hansa.modules.fulfilment.channels import Channels
from hansa.modules.fulfilment.model import Question, QuestionState, Shop, ShopChannel, Told
from hansa.modules.fulfilment.shops import get_shop
from hansa.modules.fulfilment.store import notices as sql
from hansa.modules.fulfilment.work import (
    LookAtCase,
    LookAtClocks,
    SendQuestion,
    UpdateQuestion,
)
from hansa.runtime.context import Context

_log = structlog.get_logger(__name__)
_ERROR_MAX = 500
NOT_CONNECTED = "this channel is not connected here"


async def run_look_at_case(context: Context, job: LookAtCase) -> None:
    """Run `LookAtCase`."""
    async with context.database.transaction() as tx:
        await looking.look_at_case(tx, order_id=job.order_id, now=context.clock.now())


async def run_look_at_clocks(context: Context, _job: LookAtClocks) -> None:
    """Run `LookAtClocks`."""
    async with context.database.transaction() as tx:
        await clocks.look_at_clocks(tx, now=context.clock.now())


async def run_send_question(context: Context, job: SendQuestion) -> None:
    """Run `SendQuestion`: write down the intent, send, write down the outcome."""
    now = context.clock.now()
    async with context.database.transaction() as tx:
        question = await queries.get_question(tx, question_id=job.question_id)
        shop = await get_shop(tx, warehouse_id=question.warehouse_id)
        if question.state is not QuestionState.OPEN or shop.channel is ShopChannel.OFFICE:
            return
        notice = await tx.one(
            sql.INTEND,
            {
                "question_id": question.id,
                "channel": shop.channel,
                "key": f"question:{question.id}",
                "now": now,
            },
        )
        if notice.state == "sent":
            return
    channel = context.service(Channels).get(shop.channel)
    handle, error, state = await _send(channel, question, shop, key=notice.key, notice=notice)
    async with context.database.transaction() as tx:
        await tx.execute(
            sql.RECORD,
            {
                "question_id": question.id,
                "state": state,
                "handle": None if handle is None else rows.text_of(dict(handle)),
                "error": error[:_ERROR_MAX],
                "shown": picture_of(question) if handle is not None else "",
                "now": context.clock.now(),
            },
        )
        if handle is not None:
            # What happened while the message was on its way is shown at once.
            await tx.enqueue(UpdateQuestion(question_id=question.id))
    if state == "unknown":
        raise Unavailable


async def _send(
    channel: AnswerChannel | None, question: Question, shop: Shop, *, key: str, notice: object
) -> tuple[Handle | None, str, str]:
    """Give the message's handle, what went wrong, and the state of the notice."""
    if channel is None:
        return None, NOT_CONNECTED, "failed"
    try:
        handle = await channel.ask(
            question, shop, key=key, is_repeat=getattr(notice, "attempts", 1) > 1
        )
    except Unavailable as error:
        return None, str(error), "unknown"
    except Rejected as refusal:
        _log.warning("a shop cannot be asked", question_id=str(question.id), error=str(refusal))
        return None, str(refusal), "failed"
    return handle, "", "sent"


async def run_update_question(context: Context, job: UpdateQuestion) -> None:
    """Run `UpdateQuestion`: show the question as it is now, unless the message does already."""
    async with context.database.snapshot() as snap:
        question = await queries.get_question(snap, question_id=job.question_id)
        shop = await get_shop(snap, warehouse_id=question.warehouse_id)
        notice = await snap.maybe(sql.GET, {"question_id": job.question_id})
    picture = picture_of(question)
    if notice is None or notice.state != "sent" or notice.shown == picture:
        return
    channel = context.service(Channels).get(notice.channel)
    if channel is None:
        return
    try:
        await channel.update(notice.handle, question, shop, Told("", {}))
    except Rejected as refusal:
        _log.warning("a message stays as it is", question_id=str(question.id), error=str(refusal))
    async with context.database.transaction() as tx:
        await tx.execute(sql.SHOWN, {"question_id": question.id, "shown": picture})


def picture_of(question: Question) -> str:
    """Give what a message shows of a question, in a few letters: the same is not sent again."""
    lines = [
        (line.number, line.is_open, str(line.kept), line.answer is not None)
        for line in question.lines
    ]
    shown = (str(question.state), question.ended_because, question.answer_by.isoformat(), lines)
    return msgspec.json.encode(shown).decode()
