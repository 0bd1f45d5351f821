"""Runs what follows a click in Slack."""

import structlog

from hansa.modules.fulfilment.channels import Channels
from hansa.modules.fulfilment.chat.refusals import ChannelRefused
from hansa.modules.fulfilment.model import ShopChannel, Told
from hansa.modules.fulfilment.slack.channel import SlackChannel
from hansa.modules.fulfilment.slack.work import TellPressed
from hansa.runtime.context import Context
from hansa.runtime.module import JobHandler

_log = structlog.get_logger(__name__)


async def tell_pressed(context: Context, job: TellPressed) -> None:
    """Run `TellPressed`. Who is not in the channel cannot be told there: it is only logged."""
    slack = context.service(Channels).get(ShopChannel.SLACK)
    if not isinstance(slack, SlackChannel):
        return
    try:
        await slack.tell(
            channel=job.address,
            user=job.user,
            language=job.language,
            told=Told(job.message, job.data),
        )
    except ChannelRefused as refusal:
        _log.info("nobody could be told", user=job.user, reason=refusal.reason)


JOBS = (JobHandler(job=TellPressed, handle=tell_pressed, retries=2),)
