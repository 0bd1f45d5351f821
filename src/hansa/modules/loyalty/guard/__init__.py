"""Watching for fraud with points: rules per programme, step-ups, alerts.

Owns: loyalty_guard_rules, _count, _member, _device, _challenge, _alert.
Promises: never more than a limit allows in any window, also across processes (a window is counted
in sixty slots, so up to a sixtieth of it more may be counted, never less); a step-up's token pays
for one spend; devices, codes and tokens are kept as digests; a programme without rules costs a
batch one statement.
Publishes: contracts.loyalty.FraudAlert. Locks: after the members' accounts, advisory locks of what
is counted together, sorted; then challenges by id. Called by `points` within a batch:

    facts = await guard.load_facts(tx, attempts=attempts, rules=rules, now=now)
    verdict = guard.judge(rules.get(programme_id, guard.QUIET), facts, attempt)
    facts.note(rules.get(programme_id, guard.QUIET), attempt, verdict)       # once it is posted
    await guard.record(tx, outcomes=outcomes, rules=rules, now=now, facts=facts)
"""

from hansa.modules.loyalty.guard.api import ROUTES
from hansa.modules.loyalty.guard.batching import Outcome, RuleBook, load_facts, record
from hansa.modules.loyalty.guard.checks import CHECKS
from hansa.modules.loyalty.guard.faults import (
    AlertOver,
    CannotSend,
    NoSuchAlert,
    NoSuchChallenge,
    ReasonNeeded,
    RulesInvalid,
    StepUpCodeWrong,
    TooManyCodes,
)
from hansa.modules.loyalty.guard.jobs import ForgetCounts, run_forget_counts
from hansa.modules.loyalty.guard.judging import Facts, judge
from hansa.modules.loyalty.guard.model import (
    QUIET,
    Act,
    Alert,
    AlertId,
    AlertState,
    Attempt,
    ChallengeId,
    Decision,
    Kind,
    Limit,
    Reason,
    Rules,
    Scope,
    Verdict,
)
from hansa.modules.loyalty.guard.operations import (
    block_member,
    dismiss_alert,
    look_at_alert,
    save_rules,
)
from hansa.modules.loyalty.guard.queries import (
    AlertFilter,
    DeviceSeen,
    Standing,
    challenges_here,
    count_new_alerts,
    get_alert,
    get_rules,
    list_alerts,
    list_rules,
    standing_of,
)
from hansa.modules.loyalty.guard.sending import SendCode
from hansa.modules.loyalty.guard.step_up import (
    Challenge,
    Finished,
    Made,
    Token,
    answer_step_up,
    finish_step_up,
    make_challenge,
    start_step_up,
)
from hansa.modules.loyalty.guard.subscribers import SUBSCRIPTIONS
from hansa.modules.loyalty.guard.watch import Watch

__all__ = [
    "CHECKS",
    "QUIET",
    "ROUTES",
    "SUBSCRIPTIONS",
    "Act",
    "Alert",
    "AlertFilter",
    "AlertId",
    "AlertOver",
    "AlertState",
    "Attempt",
    "CannotSend",
    "Challenge",
    "ChallengeId",
    "Decision",
    "DeviceSeen",
    "Facts",
    "Finished",
    "ForgetCounts",
    "Kind",
    "Limit",
    "Made",
    "NoSuchAlert",
    "NoSuchChallenge",
    "Outcome",
    "Reason",
    "ReasonNeeded",
    "RuleBook",
    "Rules",
    "RulesInvalid",
    "Scope",
    "SendCode",
    "Standing",
    "StepUpCodeWrong",
    "Token",
    "TooManyCodes",
    "Verdict",
    "Watch",
    "answer_step_up",
    "block_member",
    "challenges_here",
    "count_new_alerts",
    "dismiss_alert",
    "finish_step_up",
    "get_alert",
    "get_rules",
    "judge",
    "list_alerts",
    "list_rules",
    "load_facts",
    "look_at_alert",
    "make_challenge",
    "record",
    "run_forget_counts",
    "save_rules",
    "standing_of",
    "start_step_up",
]
