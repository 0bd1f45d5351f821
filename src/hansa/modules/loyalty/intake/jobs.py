"""Runs the jobs of intake."""

from hansa.modules.loyalty.intake import due
from hansa.modules.loyalty.intake.fetching import run_feed
from hansa.modules.loyalty.intake.telling import tell_partner
from hansa.modules.loyalty.intake.work import (
    ForgetRecords,
    LookAtFeeds,
    RunFeed,
    TellPartner,
    TryRefused,
)
from hansa.runtime.context import Context
from hansa.runtime.module import JobHandler, Periodic


async def run_run_feed(context: Context, job: RunFeed) -> None:
    """Run `RunFeed`."""
    await run_feed(context, job.feed_id)


async def run_tell_partner(context: Context, job: TellPartner) -> None:
    """Run `TellPartner`."""
    await tell_partner(context, job.feed_id)


async def run_try_refused(context: Context, job: TryRefused) -> None:
    """Run `TryRefused`."""
    await due.try_refused(context, job.feed_id)


async def run_look_at_feeds(context: Context, _job: LookAtFeeds) -> None:
    """Run `LookAtFeeds`."""
    await due.look_at_feeds(context)


async def run_forget_records(context: Context, _job: ForgetRecords) -> None:
    """Run `ForgetRecords`."""
    await due.forget_records(context)


JOBS = (
    JobHandler(job=RunFeed, handle=run_run_feed, retries=10),
    JobHandler(job=TellPartner, handle=run_tell_partner),
    JobHandler(job=TryRefused, handle=run_try_refused),
    JobHandler(job=LookAtFeeds, handle=run_look_at_feeds),
    JobHandler(job=ForgetRecords, handle=run_forget_records),
)
PERIODIC = (
    Periodic(cron="* * * * *", job=LookAtFeeds()),
    Periodic(cron="23 3 * * *", job=ForgetRecords()),
)
