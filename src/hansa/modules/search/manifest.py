"""What search brings into the application."""

from hansa.modules.search.api import ROUTES
from hansa.modules.search.checks import CHECKS
from hansa.modules.search.jobs import (
    FollowClock,
    ProjectBranches,
    Rebuild,
    Tidy,
    run_follow_clock,
    run_project_branches,
    run_rebuild,
    run_tidy,
)
from hansa.modules.search.shelf import Shelf
from hansa.modules.search.subscribers import SUBSCRIPTIONS
from hansa.runtime.module import JobHandler, Module, Periodic

MODULE = Module(
    name="search",
    routes=ROUTES,
    jobs=(
        JobHandler(job=Rebuild, handle=run_rebuild),
        JobHandler(job=ProjectBranches, handle=run_project_branches),
        JobHandler(job=FollowClock, handle=run_follow_clock),
        JobHandler(job=Tidy, handle=run_tidy),
    ),
    periodic=(
        Periodic(cron="* * * * *", job=FollowClock()),
        Periodic(cron="*/15 * * * *", job=Tidy()),
    ),
    subscriptions=SUBSCRIPTIONS,
    checks=CHECKS,
    services=(Shelf,),
)
