"""Clearing between the partners of a loyalty programme."""

from hansa.runtime.database.migrate import run_sql

revision = "0031"
down_revision = "0030"

TABLES = """
select 1;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
