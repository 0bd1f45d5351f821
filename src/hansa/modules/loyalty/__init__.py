"""A coalition's loyalty programme: members, partners, offers, points.

Each folder is a service that can run by itself, higher ones call lower ones:
`partner_api`, `intake` (adapters) and `settlement` stand on `points` (postings, lots, holds), this
on `offers` (tasks, percents, earning rules), this on `members`, this on `programmes` (who is in).
"""
