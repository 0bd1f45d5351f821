"""Programmes and the partners in them, with the terms each partner has agreed to.

Owns: loyalty_programme, loyalty_partner, loyalty_participation, loyalty_terms_version.
Promises: a programme's number, code, currency and worth of a point never change; what is agreed
reaches every process within a second; what prices held when is kept; every change is in the audit
log.
Publishes: contracts.loyalty.CoalitionChanged.
"""

from hansa.modules.loyalty.programmes.directory import Directory
from hansa.modules.loyalty.programmes.model import (
    PERCENT_ONE,
    SHARE_WHOLE,
    Billing,
    Coalition,
    Participation,
    Partner,
    Programme,
    ReturnPolicy,
    SettleAt,
    Terms,
    TermsVersion,
)
from hansa.modules.loyalty.programmes.operations import (
    CodeTaken,
    NoSuchProgramme,
    TermsInvalid,
    save_participation,
    save_partner,
    save_programme,
)
from hansa.modules.loyalty.programmes.queries import list_terms_versions, read_coalition

__all__ = [
    "PERCENT_ONE",
    "SHARE_WHOLE",
    "Billing",
    "Coalition",
    "CodeTaken",
    "Directory",
    "NoSuchProgramme",
    "Participation",
    "Partner",
    "Programme",
    "ReturnPolicy",
    "SettleAt",
    "Terms",
    "TermsInvalid",
    "TermsVersion",
    "list_terms_versions",
    "read_coalition",
    "save_participation",
    "save_partner",
    "save_programme",
]
