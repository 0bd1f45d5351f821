"""Programmes and the partners in them, with the terms each partner has agreed to.

Owns: loyalty_programme, loyalty_partner, loyalty_participation.
Promises: a programme's number, code, currency and worth of a point never change; what is agreed
reaches every process within a second; every change is in the audit log.
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
)
from hansa.modules.loyalty.programmes.operations import (
    TermsInvalid,
    save_participation,
    save_partner,
    save_programme,
)
from hansa.modules.loyalty.programmes.queries import read_coalition

__all__ = [
    "PERCENT_ONE",
    "SHARE_WHOLE",
    "Billing",
    "Coalition",
    "Directory",
    "Participation",
    "Partner",
    "Programme",
    "ReturnPolicy",
    "SettleAt",
    "Terms",
    "TermsInvalid",
    "read_coalition",
    "save_participation",
    "save_partner",
    "save_programme",
]
