"""Tables of fulfilment: rules, cases, questions, shops."""

from hansa.runtime.database.migrate import run_sql

revision = "0015"
down_revision = "0014"

STATEMENTS: tuple[str, ...] = ()


def upgrade() -> None:
    """Create and change the tables."""
    for sql in STATEMENTS:
        run_sql(sql)
