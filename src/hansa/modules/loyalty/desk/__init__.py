"""What staff looks at over all members: segments."""

from hansa.modules.loyalty.desk.criteria import Criteria, CriteriaInvalid, check_criteria
from hansa.modules.loyalty.desk.segments import COUNT_MAX, count_segment, list_segment

__all__ = [
    "COUNT_MAX",
    "Criteria",
    "CriteriaInvalid",
    "check_criteria",
    "count_segment",
    "list_segment",
]
