"""What loyalty brings into the application."""

from hansa.modules.loyalty import guard
from hansa.modules.loyalty.members import Codes, Naming, SendCode, send_code
from hansa.modules.loyalty.members.api import ROUTES as MEMBER_ROUTES
from hansa.modules.loyalty.members.checks import CHECKS as MEMBER_CHECKS
from hansa.modules.loyalty.members.jobs import TidyMembers, tidy_members
from hansa.modules.loyalty.offers import Rulebook
from hansa.modules.loyalty.programmes import Directory
from hansa.runtime.module import Feature, JobHandler, Module, Periodic, Permission

MODULE = Module(
    name="loyalty",
    routes=(*MEMBER_ROUTES,),
    jobs=(
        JobHandler(job=SendCode, handle=send_code),
        JobHandler(job=TidyMembers, handle=tidy_members),
        JobHandler(job=guard.ForgetCounts, handle=guard.run_forget_counts),
    ),
    periodic=(
        Periodic(cron="41 3 * * *", job=TidyMembers()),
        Periodic(cron="41 * * * *", job=guard.ForgetCounts()),
    ),
    permissions=(
        Permission(code="loyalty.view", title="See loyalty: members, points, offers"),
        Permission(code="loyalty.edit", title="Change programmes, partners and offers"),
        Permission(code="loyalty.correct", title="Propose corrections of points"),
        Permission(code="loyalty.approve", title="Approve corrections of points and offers"),
        Permission(code="loyalty.members", title="Enrol, find and link members for a partner"),
        Permission(code="loyalty.settle", title="Close periods and settle with partners"),
    ),
    checks=(*MEMBER_CHECKS, *guard.CHECKS),
    services=(Naming, Codes, Directory, Rulebook, guard.Watch),
    features=(
        Feature(
            code="loyalty.app",
            title="Loyalty app",
            about="Members can open the app with their points, percent and offers.",
        ),
    ),
)
