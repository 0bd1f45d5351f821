"""Clients that sign in by OAuth 2."""

from hansa.runtime.database.migrate import run_sql

revision = "0026"
down_revision = "0025"

TABLES = """
select 1;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
