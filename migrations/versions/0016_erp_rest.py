"""Tables of erp: what comes in through /erp/v1."""

from hansa.runtime.database.migrate import run_sql

revision = "0016"
down_revision = "0015"

STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    """Create and change the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
