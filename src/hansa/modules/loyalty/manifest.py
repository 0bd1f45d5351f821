"""What loyalty brings into the application."""

from hansa.modules.loyalty import desk, guard, rewards, sessions
from hansa.modules.loyalty.desk.api import ROUTES as DESK_ROUTES
from hansa.modules.loyalty.intake import Intake
from hansa.modules.loyalty.intake.api import ROUTES as INTAKE_ROUTES
from hansa.modules.loyalty.intake.checks import CHECKS as INTAKE_CHECKS
from hansa.modules.loyalty.intake.jobs import JOBS as INTAKE_JOBS
from hansa.modules.loyalty.intake.jobs import PERIODIC as INTAKE_PERIODIC
from hansa.modules.loyalty.members import Codes, Naming, SendCode, send_code
from hansa.modules.loyalty.members.api import ROUTES as MEMBER_ROUTES
from hansa.modules.loyalty.members.checks import CHECKS as MEMBER_CHECKS
from hansa.modules.loyalty.members.jobs import TidyMembers, tidy_members
from hansa.modules.loyalty.offers import PercentReader, Rulebook, Showings
from hansa.modules.loyalty.offers.api import ROUTES as OFFER_ROUTES
from hansa.modules.loyalty.offers.checks import CHECKS as OFFER_CHECKS
from hansa.modules.loyalty.offers.jobs import JOBS as OFFER_JOBS
from hansa.modules.loyalty.offers.jobs import PERIODIC as OFFER_PERIODIC
from hansa.modules.loyalty.offers.subscribers import SUBSCRIPTIONS as OFFER_SUBSCRIPTIONS
from hansa.modules.loyalty.partner_api.api import ROUTES as PARTNER_ROUTES
from hansa.modules.loyalty.partner_api.api_places import ROUTES as PLACE_ROUTES
from hansa.modules.loyalty.partner_api.api_step_ups import ROUTES as STEP_UP_ROUTES
from hansa.modules.loyalty.partner_api.api_webhooks import ROUTES as WEBHOOK_ROUTES
from hansa.modules.loyalty.partner_api.subscribers import SUBSCRIPTIONS as PARTNER_SUBSCRIPTIONS
from hansa.modules.loyalty.points import BalanceReader, Poster
from hansa.modules.loyalty.points.checks import CHECKS as POINT_CHECKS
from hansa.modules.loyalty.points.claim_jobs import run_claim_purchases
from hansa.modules.loyalty.points.jobs import (
    run_expire_holds,
    run_expire_points,
    run_post_reward,
    run_recount_member,
)
from hansa.modules.loyalty.points.move_jobs import (
    run_finish_moves,
    run_forfeit_points,
    run_move_back,
    run_move_merged,
)
from hansa.modules.loyalty.points.subscribers import SUBSCRIPTIONS
from hansa.modules.loyalty.points.work import (
    ClaimPurchases,
    ExpireHolds,
    ExpirePoints,
    FinishMoves,
    ForfeitPoints,
    MoveBack,
    MoveMerged,
    PostReward,
    RecountMember,
)
from hansa.modules.loyalty.programmes import Directory
from hansa.modules.loyalty.settlement import (
    CloseMonth,
    WatchPartners,
    run_close_month,
    run_watch_partners,
)
from hansa.modules.loyalty.settlement.api import ROUTES as SETTLEMENT_ROUTES
from hansa.modules.loyalty.settlement.checks import CHECKS as SETTLEMENT_CHECKS
from hansa.modules.loyalty.settlement.partner_api import ROUTES as STATEMENT_ROUTES
from hansa.runtime.module import Feature, JobHandler, Module, Periodic, Permission

MODULE = Module(
    name="loyalty",
    routes=(
        *guard.ROUTES,
        *MEMBER_ROUTES,
        *PARTNER_ROUTES,
        *STEP_UP_ROUTES,
        *PLACE_ROUTES,
        *WEBHOOK_ROUTES,
        *SETTLEMENT_ROUTES,
        *STATEMENT_ROUTES,
        *INTAKE_ROUTES,
        *OFFER_ROUTES,
        *sessions.ROUTES,
        *DESK_ROUTES,
    ),
    jobs=(
        JobHandler(job=SendCode, handle=send_code),
        JobHandler(job=TidyMembers, handle=tidy_members),
        JobHandler(job=guard.ForgetCounts, handle=guard.run_forget_counts),
        JobHandler(job=ExpireHolds, handle=run_expire_holds),
        JobHandler(job=ExpirePoints, handle=run_expire_points),
        JobHandler(job=RecountMember, handle=run_recount_member),
        JobHandler(job=PostReward, handle=run_post_reward),
        JobHandler(job=WatchPartners, handle=run_watch_partners),
        JobHandler(job=CloseMonth, handle=run_close_month),
        JobHandler(job=MoveMerged, handle=run_move_merged, retries=20),
        JobHandler(job=MoveBack, handle=run_move_back, retries=20),
        JobHandler(job=FinishMoves, handle=run_finish_moves),
        JobHandler(job=ForfeitPoints, handle=run_forfeit_points, retries=20),
        JobHandler(job=ClaimPurchases, handle=run_claim_purchases),
        *INTAKE_JOBS,
        *OFFER_JOBS,
        *rewards.JOBS,
        *sessions.JOBS,
        *desk.JOBS,
    ),
    periodic=(
        Periodic(cron="41 3 * * *", job=TidyMembers()),
        Periodic(cron="41 * * * *", job=guard.ForgetCounts()),
        Periodic(cron="* * * * *", job=ExpireHolds()),
        Periodic(cron="7 * * * *", job=ExpirePoints()),
        Periodic(cron="*/5 * * * *", job=WatchPartners()),
        Periodic(cron="* * * * *", job=FinishMoves()),
        Periodic(cron="23 * * * *", job=ClaimPurchases()),
        *INTAKE_PERIODIC,
        *OFFER_PERIODIC,
        *rewards.PERIODIC,
        *sessions.PERIODIC,
        *desk.PERIODIC,
    ),
    subscriptions=(
        *SUBSCRIPTIONS,
        *PARTNER_SUBSCRIPTIONS,
        *OFFER_SUBSCRIPTIONS,
        *guard.SUBSCRIPTIONS,
        *desk.SUBSCRIPTIONS,
    ),
    permissions=(
        Permission(code="loyalty.view", title="See loyalty: members, points, offers"),
        Permission(code="loyalty.edit", title="Change programmes, partners and offers"),
        Permission(code="loyalty.correct", title="Propose corrections of points"),
        Permission(code="loyalty.approve", title="Approve corrections of points and offers"),
        Permission(code="loyalty.members", title="Enrol, find and link members for a partner"),
        Permission(code="loyalty.earn", title="Report receipts and returns, give points"),
        Permission(code="loyalty.spend", title="Hold and spend points"),
        Permission(code="loyalty.read", title="Read balances and postings of members"),
        Permission(code="loyalty.bulk", title="Send many commands at once"),
        Permission(code="loyalty.webhooks", title="Set up a partner's own webhooks"),
        Permission(code="loyalty.settle", title="Close periods and settle with partners"),
        Permission(code="loyalty.statements", title="Read one's own statements"),
        Permission(code="loyalty.percent", title="Partner: read percents, try receipts"),
        Permission(code="loyalty.actions", title="Partner: report what members did"),
        Permission(code="loyalty.offers", title="Partner: write own offers"),
    ),
    checks=(
        *MEMBER_CHECKS,
        *guard.CHECKS,
        *POINT_CHECKS,
        *SETTLEMENT_CHECKS,
        *INTAKE_CHECKS,
        *OFFER_CHECKS,
        *rewards.CHECKS,
        *desk.CHECKS,
    ),
    services=(
        Naming,
        Codes,
        Directory,
        Rulebook,
        PercentReader,
        Showings,
        guard.Watch,
        Poster,
        BalanceReader,
        Intake,
    ),
    features=(
        Feature(
            code="loyalty.app",
            title="Loyalty app",
            about="Members can open the app with their points, percent and offers.",
        ),
    ),
)
