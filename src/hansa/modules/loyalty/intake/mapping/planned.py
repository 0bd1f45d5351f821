"""What a record means: commands as they go through the door, and states of orders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from hansa.modules.loyalty.members import MemberRef
from hansa.modules.loyalty.points.commands import Command, PurchaseLine, ReturnLine


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """A command for the door. `uncovered` says who bears what a balance does not cover."""

    command: Command
    uncovered: str = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """What of an order is bought and kept, as of `version`. No lines: nothing any more.

    `due_at` is when it earns; None: now. `member` is None where the record only cancels.
    """

    receipt: str
    at: datetime
    version: str
    member: MemberRef | None
    lines: tuple[PurchaseLine, ...]
    due_at: datetime | None = None
    may_revise: bool = False
    hold_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderReturn:
    """Goods of an order come back, told by an event of its own; no lines: all that is left."""

    key: str
    receipt: str
    at: datetime
    lines: tuple[ReturnLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceAsked:
    """The balance of a member, please."""

    member: MemberRef


Planned = Direct | OrderState | OrderReturn | BalanceAsked


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """What a mapping makes of a record.

    `key` names the matter, `digest` the matter with its content: the same record gives the same
    two for ever. `warnings` are columns the mapping does not know.
    """

    rule: str
    rule_index: int
    key: str
    digest: bytes
    planned: tuple[Planned, ...]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A call to the partner, ready to go."""

    path: str
    body: Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """Money beside points, in minor units; `sign` is 1 if it is owed to the partner, else -1.

    A conversion is money for points that moved; the rest is for points that were not there.
    """

    matter: str
    amount_minor: int
    sign: int
    is_conversion: bool = True
    facts: Mapping[str, Decimal] = field(default_factory=dict)
