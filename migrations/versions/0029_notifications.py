"""Devices, campaigns and messages to people."""

from hansa.runtime.database.migrate import run_sql

revision = "0029"
down_revision = "0028"

TABLES = """
select 1;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
