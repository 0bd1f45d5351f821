"""What fulfilment refuses, and why."""

from dataclasses import dataclass
from typing import ClassVar

from hansa.kernel.errors import Invalid, NotFound, Rejected


@dataclass(eq=False)
class QuestionNotFound(NotFound):
    """No such question."""

    code: ClassVar[str] = "fulfilment.question_not_found"
    message: ClassVar[str] = "There is no such question."


@dataclass(eq=False)
class CaseNotFound(NotFound):
    """Nobody looks for goods of this order."""

    code: ClassVar[str] = "fulfilment.case_not_found"
    message: ClassVar[str] = "Nobody has looked for the goods of this order yet."


@dataclass(eq=False)
class AnswerInvalid(Invalid):
    """The answer does not fit the question."""

    code: ClassVar[str] = "fulfilment.answer_invalid"
    message: ClassVar[str] = (
        "Found, defective and missing pieces must together be as many as were asked for."
    )


@dataclass(eq=False)
class ShopInvalid(Invalid):
    """The shop cannot be asked as it is described."""

    code: ClassVar[str] = "fulfilment.shop_invalid"
    message: ClassVar[str] = "The shop cannot be asked like this."


@dataclass(eq=False)
class TimeZoneUnknown(ShopInvalid):
    """The time zone does not exist."""

    code: ClassVar[str] = "fulfilment.time_zone_unknown"
    message: ClassVar[str] = "There is no such time zone."


@dataclass(eq=False)
class HoursBackwards(ShopInvalid):
    """Opening times run backwards or overlap."""

    code: ClassVar[str] = "fulfilment.hours_backwards"
    message: ClassVar[str] = "Opening times must run forward within a day and not overlap."


@dataclass(eq=False)
class HoursUnreadable(ShopInvalid):
    """Opening times are not written as they can be read."""

    code: ClassVar[str] = "fulfilment.hours_unreadable"
    message: ClassVar[str] = "Write opening times like 1-5 10:00-21:00, one span a line."


@dataclass(eq=False)
class WarehouseUnknown(ShopInvalid):
    """No such warehouse."""

    code: ClassVar[str] = "fulfilment.warehouse_unknown"
    message: ClassVar[str] = "There is no such warehouse."


@dataclass(eq=False)
class PolicyInvalid(Invalid):
    """The policy cannot be as it is described."""

    code: ClassVar[str] = "fulfilment.policy_invalid"
    message: ClassVar[str] = (
        "Minutes must be between one and a week, shops at a time between 1 and 100."
    )


@dataclass(eq=False)
class NotAskable(Rejected):
    """A shop chosen by hand cannot be asked."""

    code: ClassVar[str] = "fulfilment.not_askable"
    message: ClassVar[str] = "This shop cannot be asked for this order."


@dataclass(eq=False)
class OtherShop(NotAskable):
    """The order is fetched in another shop."""

    code: ClassVar[str] = "fulfilment.other_shop"
    message: ClassVar[str] = "The order is fetched in another shop: only that one can be asked."


@dataclass(eq=False)
class AskedAlready(NotAskable):
    """The shop is being asked for these goods."""

    code: ClassVar[str] = "fulfilment.asked_already"
    message: ClassVar[str] = "This shop is being asked for these goods already."


@dataclass(eq=False)
class NotNeeded(NotAskable):
    """More is asked for, or given up, than is still looked for."""

    code: ClassVar[str] = "fulfilment.not_needed"
    message: ClassVar[str] = "That many pieces are not needed."


@dataclass(eq=False)
class CaseRefuses(Rejected):
    """The case is not in a state in which this can be done."""

    code: ClassVar[str] = "fulfilment.case_refuses"
    message: ClassVar[str] = "The search for this order is {state}; this cannot be done any more."
    state: str
