"""Runs what follows a press of a button."""

import structlog

from hansa.modules.fulfilment import queries, shops
from hansa.modules.fulfilment.channels import Channels
from hansa.modules.fulfilment.chat.refusals import ChannelRefused
from hansa.modules.fulfilment.chat.work import ShowPressed
from hansa.modules.fulfilment.model import Told
from hansa.runtime.context import Context
from hansa.runtime.module import JobHandler

_log = structlog.get_logger(__name__)


async def show_pressed(context: Context, job: ShowPressed) -> None:
    """Run `ShowPressed`. A refusal is written to the log: the answer itself is kept already."""
    channel = context.service(Channels).get(job.channel)
    if channel is None:
        return
    async with context.database.snapshot() as snap:
        question = await queries.get_question(snap, question_id=job.question_id)
        shop = await shops.get_shop(snap, warehouse_id=question.warehouse_id)
    handle = {"address": job.address, "message": job.message}
    try:
        await channel.update(handle, question, shop, Told(""))
    except ChannelRefused as refusal:
        _log.warning("message not updated", channel=job.channel, reason=refusal.reason)


JOBS = (JobHandler(job=ShowPressed, handle=show_pressed),)
