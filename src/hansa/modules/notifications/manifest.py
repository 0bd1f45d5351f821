"""What notifications brings into the application."""

from hansa.contracts.loyalty import MemberChanged
from hansa.modules.notifications import api_edna, subscribers
from hansa.modules.notifications.channels.registry import Channels
from hansa.modules.notifications.jobs import run_forget_devices
from hansa.modules.notifications.work import ForgetDevices
from hansa.runtime.module import JobHandler, Module, Periodic, Permission, Subscription

MODULE = Module(
    name="notifications",
    routes=api_edna.ROUTES,
    jobs=(JobHandler(job=ForgetDevices, handle=run_forget_devices),),
    periodic=(Periodic(cron="37 3 * * *", job=ForgetDevices()),),
    subscriptions=(
        Subscription(
            name="notifications.members",
            events=(MemberChanged,),
            handle=subscribers.on_members,
            batch=True,
        ),
    ),
    permissions=(
        Permission(code="notifications.view", title="See campaigns, messages and devices"),
        Permission(code="notifications.edit", title="Write templates, segments and campaigns"),
        Permission(code="notifications.send", title="Approve campaigns and let them run"),
    ),
    services=(Channels,),
)
