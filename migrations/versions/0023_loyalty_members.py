"""Members of loyalty programmes."""

from hansa.runtime.database.migrate import run_sql

revision = "0023"
down_revision = "0022"

TABLES = """
select 1;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
