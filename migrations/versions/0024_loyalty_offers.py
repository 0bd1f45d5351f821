"""Offers, percents and earning rules of loyalty programmes."""

from hansa.runtime.database.migrate import run_sql

revision = "0024"
down_revision = "0023"

TABLES = """
select 1;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
