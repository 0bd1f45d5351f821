"""A coalition's loyalty programme: members, partners, offers, points.

Each folder is a service that can run by itself, higher ones call lower ones:
`partner_api`, `intake` (adapters) and `settlement` stand on `points` (postings, lots, holds), this
on `guard` (fraud), on `offers` (tasks, percents, earning rules), on `members`, on `programmes` (who
is in). Others use them as `loyalty.points.read_balances(...)`.
"""

from hansa.modules.loyalty import (
    desk,
    guard,
    members,
    offers,
    points,
    programmes,
    rewards,
    sessions,
    settlement,
)

__all__ = [
    "desk",
    "guard",
    "members",
    "offers",
    "points",
    "programmes",
    "rewards",
    "sessions",
    "settlement",
]
