"""${message}."""

from hansa.runtime.database.migrate import run_sql

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """State what this step adds and why it works with the code before it."""
    run_sql(
        """
        """
    )
