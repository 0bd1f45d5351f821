"""What staff does and looks at: corrections, disputes, reports; segments of members.

Owns: loyalty_correction, loyalty_dispute with its comments, loyalty_daily, loyalty_active,
loyalty_cohort, loyalty_offer_comparison.
Promises: nobody approves a correction of their own; what is approved is posted exactly once; there
is one open case about the same thing; the sums of days are the ledger's, each posting counted once.
Locks: loyalty_dispute or loyalty_correction rows, a correction before its dispute.
"""

from hansa.modules.loyalty.desk.activity import Activity, activity_of
from hansa.modules.loyalty.desk.checks import CHECKS
from hansa.modules.loyalty.desk.comparing import Comparison, get_comparison, run_measure_offer
from hansa.modules.loyalty.desk.corrections import (
    approve_correction,
    count_proposed,
    get_correction,
    list_corrections,
    propose_correction,
    refuse_correction,
)
from hansa.modules.loyalty.desk.criteria import Criteria, CriteriaInvalid, check_criteria
from hansa.modules.loyalty.desk.disputes import (
    DisputeFilter,
    Waiting,
    ask_partner,
    comment_dispute,
    count_open,
    get_dispute,
    give_points,
    list_comments,
    list_disputes,
    open_dispute,
    refuse_dispute,
)
from hansa.modules.loyalty.desk.faults import (
    CorrectionDecided,
    CorrectionInvalid,
    CorrectionWaits,
    DisputeInvalid,
    DisputeOver,
    NoPartnerToAsk,
    NoSuchCorrection,
    NoSuchDispute,
    NoSuchPosting,
    OwnCorrection,
)
from hansa.modules.loyalty.desk.jobs import JOBS, PERIODIC
from hansa.modules.loyalty.desk.model import (
    Comment,
    Correction,
    CorrectionState,
    Dispute,
    DisputeKind,
    DisputeState,
    NewCorrection,
    NewDispute,
    Opener,
    Side,
)
from hansa.modules.loyalty.desk.reports import (
    ActiveMonth,
    Breakage,
    Cohort,
    Day,
    PartnerSum,
    estimate_breakage,
    list_active_months,
    list_cohorts,
    list_partner_sums,
    read_days,
    today_of,
)
from hansa.modules.loyalty.desk.segments import COUNT_MAX, count_segment, list_segment
from hansa.modules.loyalty.desk.story import Story, tell_story
from hansa.modules.loyalty.desk.subscribers import SUBSCRIPTIONS
from hansa.modules.loyalty.desk.uplift import (
    MEMBERS_LEAST,
    Group,
    Uplift,
    compare_means,
    compare_shares,
)
from hansa.modules.loyalty.desk.work import MeasureOffer, PostApproved, PostCorrection

__all__ = [
    "CHECKS",
    "COUNT_MAX",
    "JOBS",
    "MEMBERS_LEAST",
    "PERIODIC",
    "SUBSCRIPTIONS",
    "ActiveMonth",
    "Activity",
    "Breakage",
    "Cohort",
    "Comment",
    "Comparison",
    "Correction",
    "CorrectionDecided",
    "CorrectionInvalid",
    "CorrectionState",
    "CorrectionWaits",
    "Criteria",
    "CriteriaInvalid",
    "Day",
    "Dispute",
    "DisputeFilter",
    "DisputeInvalid",
    "DisputeKind",
    "DisputeOver",
    "DisputeState",
    "Group",
    "MeasureOffer",
    "NewCorrection",
    "NewDispute",
    "NoPartnerToAsk",
    "NoSuchCorrection",
    "NoSuchDispute",
    "NoSuchPosting",
    "Opener",
    "OwnCorrection",
    "PartnerSum",
    "PostApproved",
    "PostCorrection",
    "Side",
    "Story",
    "Uplift",
    "Waiting",
    "activity_of",
    "approve_correction",
    "ask_partner",
    "check_criteria",
    "comment_dispute",
    "compare_means",
    "compare_shares",
    "count_open",
    "count_proposed",
    "count_segment",
    "estimate_breakage",
    "get_comparison",
    "get_correction",
    "get_dispute",
    "give_points",
    "list_active_months",
    "list_cohorts",
    "list_comments",
    "list_corrections",
    "list_disputes",
    "list_partner_sums",
    "list_segment",
    "open_dispute",
    "propose_correction",
    "read_days",
    "refuse_correction",
    "refuse_dispute",
    "run_measure_offer",
    "tell_story",
    "today_of",
]
