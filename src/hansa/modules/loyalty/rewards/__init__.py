"""What members take for points: partners' goods, certificates with codes, donations.

Owns: loyalty_reward, loyalty_reward_code, loyalty_reward_order.
Promises: no more goes than there is, and no code to two; points are spent for what came about and
for nothing else, whoever dies when; an order can be taken back within an hour, unless the code of
its certificate was looked at. Codes are kept sealed.
Publishes: nothing of its own; the points it moves are published by `points`.
Locks: a loyalty_reward row, then its codes; a loyalty_reward_order row, then its reward's.
"""

from hansa.modules.loyalty.rewards.checks import CHECKS
from hansa.modules.loyalty.rewards.jobs import (
    JOBS,
    PERIODIC,
    SettleRewardOrders,
    run_settle_reward_orders,
)
from hansa.modules.loyalty.rewards.model import (
    CANCEL_WITHIN,
    HadEnough,
    NoSuchOrder,
    NoSuchReward,
    NotCancellable,
    Order,
    OrderOver,
    OrderState,
    Reward,
    RewardClosed,
    RewardCodeTaken,
    RewardInvalid,
    RewardKind,
    SoldOut,
)
from hansa.modules.loyalty.rewards.operations import (
    add_codes,
    change_stock,
    lock_reward,
    save_reward,
)
from hansa.modules.loyalty.rewards.ordering import (
    cancel_order,
    list_stuck,
    order_reward,
    settle_order,
    show_code,
)
from hansa.modules.loyalty.rewards.queries import (
    count_had,
    get_order,
    get_reward,
    get_rewards,
    list_catalogue,
    list_orders,
    list_orders_of_reward,
    list_rewards,
)

__all__ = [
    "CANCEL_WITHIN",
    "CHECKS",
    "JOBS",
    "PERIODIC",
    "HadEnough",
    "NoSuchOrder",
    "NoSuchReward",
    "NotCancellable",
    "Order",
    "OrderOver",
    "OrderState",
    "Reward",
    "RewardClosed",
    "RewardCodeTaken",
    "RewardInvalid",
    "RewardKind",
    "SettleRewardOrders",
    "SoldOut",
    "add_codes",
    "cancel_order",
    "change_stock",
    "count_had",
    "get_order",
    "get_reward",
    "get_rewards",
    "list_catalogue",
    "list_orders",
    "list_orders_of_reward",
    "list_rewards",
    "list_stuck",
    "lock_reward",
    "order_reward",
    "run_settle_reward_orders",
    "save_reward",
    "settle_order",
    "show_code",
]
