"""A budget may become smaller than what a cell that follows it has lent out before it knew."""

from hansa.runtime.database.migrate import run_sql

revision = "0041"
down_revision = "0040"

# Of the row of a follower the total comes from the home cell, and what is lent is its own: a check
# of both together would stop the replication. `hansa check loyalty` tells of such a budget.
CONSTRAINT = """
alter table loyalty_budget
    drop constraint ck_loyalty_budget_leased,
    add constraint ck_loyalty_budget_leased check (leased >= 0) not valid;
alter table loyalty_budget validate constraint ck_loyalty_budget_leased;
"""


def upgrade() -> None:
    """Let a total fall below what is lent."""
    run_sql(CONSTRAINT)
