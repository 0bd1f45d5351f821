"""Tables of drops: collections, gates, limits."""

from hansa.runtime.database.migrate import run_sql

revision = "0019"
down_revision = "0018"

STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    """Create and change the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
