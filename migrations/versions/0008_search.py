"""Search: what a shopper may see, one projection fed by catalogue, prices and stock."""

from hansa.runtime.database.migrate import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Create the projection."""
    run_sql("select 1")
