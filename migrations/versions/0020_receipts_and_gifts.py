"""Tables of receipts and promotions, and the marks of marketplaces."""

from hansa.runtime.database.migrate import run_sql

revision = "0020"
down_revision = "0019"

STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    """Create and change the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
