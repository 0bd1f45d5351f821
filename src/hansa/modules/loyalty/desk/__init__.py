"""What staff looks at over all members: segments, and what groups of members did."""

from hansa.modules.loyalty.desk.activity import Activity, activity_of
from hansa.modules.loyalty.desk.criteria import Criteria, CriteriaInvalid, check_criteria
from hansa.modules.loyalty.desk.segments import COUNT_MAX, count_segment, list_segment

__all__ = [
    "COUNT_MAX",
    "Activity",
    "Criteria",
    "CriteriaInvalid",
    "activity_of",
    "check_criteria",
    "count_segment",
    "list_segment",
]
