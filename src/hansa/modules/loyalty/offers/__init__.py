"""Tasks of partners, who has switched them on, the percents they raise, earning rules.

Owns: loyalty_rulebook, loyalty_rule, loyalty_offer, loyalty_offer_version, loyalty_standing,
loyalty_switch, loyalty_deed, loyalty_completion, loyalty_use, loyalty_action, loyalty_budget,
loyalty_budget_lease, loyalty_offer_taken, loyalty_offer_day.
Promises: what a receipt earns and which tasks are done follow from facts and the rules in force at
their instants, in whatever order they became known (offers for so many go to whoever comes first);
a percent has its reasons and never exceeds the programme's limit; a budget is never exceeded.
Publishes: contracts.loyalty.TaskCompleted, PercentChanged, TaskRewardDue, PercentsRewritten,
OfferSwitched, OfferChanged.
Locks: loyalty_standing rows by (bucket, programme, member), then loyalty_offer_taken by (offer,
day), then loyalty_budget_lease and loyalty_budget by campaign.
"""

from hansa.modules.loyalty.offers.budgets import (
    BudgetClaim,
    BudgetState,
    BudgetTooSmall,
    claim_budgets,
    get_budgets,
    return_budget,
    save_budget,
)
from hansa.modules.loyalty.offers.completing import (
    complete_tasks,
    lock_standings,
    record_uses,
)
from hansa.modules.loyalty.offers.earning import evaluate
from hansa.modules.loyalty.offers.model import (
    Condition,
    ConditionKind,
    EarningRule,
    EffectKind,
    Issuer,
    Limits,
    LiveOffer,
    OfferContent,
    OfferState,
    Reward,
    RewardKind,
    Schedule,
    Targeting,
    Wording,
)
from hansa.modules.loyalty.offers.purchases import (
    Award,
    Basis,
    Completion,
    EarnedLine,
    Evaluation,
    NetLine,
    Purchase,
    Use,
    uses_between,
)
from hansa.modules.loyalty.offers.rulebook import Rulebook, read_rules
from hansa.modules.loyalty.offers.rules import RuleSet
from hansa.modules.loyalty.offers.standing import (
    NOTHING,
    Raise,
    Reason,
    ReasonKind,
    Standing,
    Switch,
    Used,
    limit_reached,
    own_percent,
    percent_at,
)
from hansa.modules.loyalty.offers.standings import load_standings
from hansa.modules.loyalty.offers.telling import Changed, RewardDue

__all__ = [
    "NOTHING",
    "Award",
    "Basis",
    "BudgetClaim",
    "BudgetState",
    "BudgetTooSmall",
    "Changed",
    "Completion",
    "Condition",
    "ConditionKind",
    "EarnedLine",
    "EarningRule",
    "EffectKind",
    "Evaluation",
    "Issuer",
    "Limits",
    "LiveOffer",
    "NetLine",
    "OfferContent",
    "OfferState",
    "Purchase",
    "Raise",
    "Reason",
    "ReasonKind",
    "Reward",
    "RewardDue",
    "RewardKind",
    "RuleSet",
    "Rulebook",
    "Schedule",
    "Standing",
    "Switch",
    "Targeting",
    "Use",
    "Used",
    "Wording",
    "claim_budgets",
    "complete_tasks",
    "evaluate",
    "get_budgets",
    "limit_reached",
    "load_standings",
    "lock_standings",
    "own_percent",
    "percent_at",
    "read_rules",
    "record_uses",
    "return_budget",
    "save_budget",
    "uses_between",
]
