"""What notifications brings into the application."""

from hansa.contracts.loyalty import (
    LoyaltyMembersMerged,
    LoyaltyMembersParted,
    MemberChanged,
    PercentChanged,
    PointsPosted,
    TaskCompleted,
)
from hansa.modules.notifications import api, api_edna, sending, subscribers
from hansa.modules.notifications.channels.registry import Channels
from hansa.modules.notifications.checks import CHECKS
from hansa.modules.notifications.jobs import run_forget_devices, run_forget_messages
from hansa.modules.notifications.measuring import run_measure_campaign
from hansa.modules.notifications.picking import (
    run_pick_recipients,
    run_stop_messages,
    run_tend_campaigns,
)
from hansa.modules.notifications.warning import run_warn_of_expiry
from hansa.modules.notifications.work import (
    ForgetDevices,
    ForgetMessages,
    MeasureCampaign,
    PickRecipients,
    StopMessages,
    TendCampaigns,
    WarnOfExpiry,
)
from hansa.runtime.module import JobHandler, Loop, Module, Periodic, Permission, Subscription

MODULE = Module(
    name="notifications",
    routes=(*api.ROUTES, *api_edna.ROUTES),
    jobs=(
        JobHandler(job=ForgetDevices, handle=run_forget_devices),
        JobHandler(job=ForgetMessages, handle=run_forget_messages),
        JobHandler(job=PickRecipients, handle=run_pick_recipients),
        JobHandler(job=StopMessages, handle=run_stop_messages),
        JobHandler(job=TendCampaigns, handle=run_tend_campaigns),
        JobHandler(job=MeasureCampaign, handle=run_measure_campaign),
        JobHandler(job=WarnOfExpiry, handle=run_warn_of_expiry),
    ),
    periodic=(
        Periodic(cron="37 3 * * *", job=ForgetDevices()),
        Periodic(cron="47 3 * * *", job=ForgetMessages()),
        Periodic(cron="* * * * *", job=TendCampaigns()),
        Periodic(cron="17 8 * * *", job=WarnOfExpiry()),
    ),
    subscriptions=(
        Subscription(
            name="notifications.members",
            events=(MemberChanged,),
            handle=subscribers.on_members,
            batch=True,
        ),
        Subscription(
            name="notifications.merges",
            events=(LoyaltyMembersMerged, LoyaltyMembersParted),
            handle=subscribers.on_merges,
        ),
        Subscription(
            name="notifications.points",
            events=(PointsPosted,),
            handle=subscribers.on_points,
            batch=True,
        ),
        Subscription(
            name="notifications.percent",
            events=(PercentChanged,),
            handle=subscribers.on_percent,
            batch=True,
        ),
        Subscription(
            name="notifications.tasks",
            events=(TaskCompleted,),
            handle=subscribers.on_tasks,
            batch=True,
        ),
    ),
    permissions=(
        Permission(code="notifications.view", title="See campaigns, messages and devices"),
        Permission(code="notifications.edit", title="Write templates, segments and campaigns"),
        Permission(code="notifications.send", title="Approve campaigns and let them run"),
    ),
    services=(Channels,),
    loops=(Loop(name="notifications.sending", run=sending.run),),
    checks=CHECKS,
)
