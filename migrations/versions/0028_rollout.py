"""Features that are on for some."""

from hansa.runtime.database.migrate import run_sql

revision = "0028"
down_revision = "0027"

TABLES = """
select 1;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
