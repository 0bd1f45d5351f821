"""The catalogue of rewards as staff read it: all of a programme, and who took one."""

from hansa.runtime.database.migrate import run_sql

revision = "0038"
down_revision = "0037"

INDEXES = """
create index ix_loyalty_reward_programme on loyalty_reward (programme_id, position, id);
create index ix_loyalty_reward_order_reward
    on loyalty_reward_order (reward_id, ordered_at desc, id desc);
"""


def upgrade() -> None:
    """Add the indexes."""
    run_sql(INDEXES)
