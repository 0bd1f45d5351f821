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
from hansa.modules.fulfilment.queries import (
    allocations_of,
    get_question,
    list_open_questions,
    progress_of,
)
from hansa.modules.fulfilment.shops import get_policy, get_shop, list_shops, save_policy, save_shop

__all__ = [
    "Advice",
    "Allocation",
    "AnswerChannel",
    "AnswerInvalid",
    "Answerer",
    "Asking",
    "CaseNotFound",
    "CaseRefuses",
    "CaseState",
    "Channels",
    "Handle",
    "LineAnswer",
    "Nobody",
    "OneStage",
    "Opening",
    "Outcome",
    "OutcomeKind",
    "PartState",
    "Policy",
    "Progress",
    "ProgressPart",
    "Question",
    "QuestionLine",
    "QuestionNotFound",
    "QuestionState",
    "Shop",
    "ShopChannel",
    "ShopInvalid",
    "Told",
    "WhenClosed",
    "advice",
    "allocations_of",
    "get_policy",
    "get_question",
    "get_shop",
    "list_open_questions",
    "list_shops",
    "look_at_clocks",
    "progress_of",
    "save_policy",
    "save_shop",
    "take_answer",
]
