"""Tables of retailcrm."""

from hansa.runtime.database.migrate import run_sql

revision = "0018"
down_revision = "0017"

STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    """Create and change the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
