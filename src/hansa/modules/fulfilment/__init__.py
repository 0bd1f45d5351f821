"""Which warehouse serves which line of an order, and whether its shop really has the goods.

Owns: shops and how they are asked, policies and sourcing rules of markets, the case of each order
with its parts and questions, and the messages in which shops are asked.

Promises: an order is looked for exactly once; a piece is promised by one warehouse only, and only
what its shop has confirmed; the shelf's pieces are set aside while a shop is asked and no longer;
what a shop has not found or finds defective is taken off its stock; a case ends, or has a next
step with an instant, or lies in an operator's queue; money follows what was confirmed.

Publishes: contracts.fulfilment. Locks: one fulfilment_case row, then the order's, the payment's,
the stock's.
"""

from hansa.modules.fulfilment.advising import advice
from hansa.modules.fulfilment.answering import take_answer
from hansa.modules.fulfilment.asking import AnswerChannel, Handle
from hansa.modules.fulfilment.by_hand import (
    ask_again,
    ask_by_hand,
    extend_question,
    give_up_by_hand,
    take_back,
    withdraw_question,
)
from hansa.modules.fulfilment.channels import Channels
from hansa.modules.fulfilment.clocks import look_at_clocks
from hansa.modules.fulfilment.model import (
    Advice,
    Allocation,
    Answerer,
    AnswerInvalid,
    Asking,
    CaseNotFound,
    CaseRefuses,
    CaseState,
    LineAnswer,
    Nobody,
    OneStage,
    Opening,
    Outcome,
    OutcomeKind,
    PartState,
    Policy,
    Progress,
    ProgressPart,
    Question,
    QuestionLine,
    QuestionNotFound,
    QuestionState,
    Shop,
    ShopChannel,
    ShopInvalid,
    Told,
    WhenClosed,
)
from hansa.modules.fulfilment.opening import read_week, write_week
from hansa.modules.fulfilment.queries import (
    allocations_of,
    get_question,
    list_open_questions,
    progress_of,
)
from hansa.modules.fulfilment.rules import (
    DEFAULT_RULES,
    Criterion,
    Facts,
    Place,
    Plan,
    Reason,
    Rule,
    Taken,
    Verdict,
    Want,
)
from hansa.modules.fulfilment.ruling import (
    RuleInvalid,
    RuleNotFound,
    StoredRule,
    get_rule,
    list_rules,
    remove_rule,
    save_rule,
    try_basket,
    try_order,
)
from hansa.modules.fulfilment.shops import get_policy, get_shop, list_shops, save_policy, save_shop
from hansa.modules.fulfilment.sourcing import source
from hansa.modules.fulfilment.stories import (
    CaseEvent,
    CasePart,
    CaseStory,
    CaseSummary,
    Decision,
    Judged,
    count_cases,
    count_questions,
    get_case,
    list_cases,
    list_notices,
    list_waiting_questions,
)
from hansa.modules.fulfilment.telegram import connect as connect_telegram

__all__ = [
    "DEFAULT_RULES",
    "Advice",
    "Allocation",
    "AnswerChannel",
    "AnswerInvalid",
    "Answerer",
    "Asking",
    "CaseEvent",
    "CaseNotFound",
    "CasePart",
    "CaseRefuses",
    "CaseState",
    "CaseStory",
    "CaseSummary",
    "Channels",
    "Criterion",
    "Decision",
    "Facts",
    "Handle",
    "Judged",
    "LineAnswer",
    "Nobody",
    "OneStage",
    "Opening",
    "Outcome",
    "OutcomeKind",
    "PartState",
    "Place",
    "Plan",
    "Policy",
    "Progress",
    "ProgressPart",
    "Question",
    "QuestionLine",
    "QuestionNotFound",
    "QuestionState",
    "Reason",
    "Rule",
    "RuleInvalid",
    "RuleNotFound",
    "Shop",
    "ShopChannel",
    "ShopInvalid",
    "StoredRule",
    "Taken",
    "Told",
    "Verdict",
    "Want",
    "WhenClosed",
    "advice",
    "allocations_of",
    "ask_again",
    "ask_by_hand",
    "connect_telegram",
    "count_cases",
    "count_questions",
    "extend_question",
    "get_case",
    "get_policy",
    "get_question",
    "get_rule",
    "get_shop",
    "give_up_by_hand",
    "list_cases",
    "list_notices",
    "list_open_questions",
    "list_rules",
    "list_shops",
    "list_waiting_questions",
    "look_at_clocks",
    "progress_of",
    "read_week",
    "remove_rule",
    "save_policy",
    "save_rule",
    "save_shop",
    "source",
    "take_answer",
    "take_back",
    "try_basket",
    "try_order",
    "withdraw_question",
    "write_week",
]
