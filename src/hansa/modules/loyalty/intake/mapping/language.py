"""The language of mappings: data only. What can be said here is all that can be said.

An expression is a tree without loops, so every mapping comes to an end. A bare text stands for the
field of that name; names with points lead into nested records (`customer.phone`).
"""

from typing import Annotated, Literal

import msgspec

Text = Annotated[str, msgspec.Meta(max_length=200)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Days = Annotated[int, msgspec.Meta(ge=0, le=366)]
Rounding = Literal["exact", "half_up", "down", "up"]
"""`exact` refuses what would have to be rounded."""


class _Node(msgspec.Struct, forbid_unknown_fields=True, tag_field="do"):
    pass


class Field(_Node, tag="field"):
    """A field of the record; `up` steps out of a line to the record around it."""

    name: Name
    up: bool = False


class Constant(_Node, tag="constant"):
    """The same for every record."""

    value: str | int


class Concat(_Node, tag="concat"):
    """Several texts as one."""

    parts: tuple["Expression", ...]
    between: Text = ""


class Lookup(_Node, tag="lookup"):
    """What a table says of a text; a text it does not have is refused, or is `otherwise`."""

    of: "Expression"
    table: dict[str, str]
    otherwise: "Expression | None" = None


class Default(_Node, tag="default"):
    """Something else where a field is missing or empty."""

    of: "Expression"
    to: "Expression"


class Amount(_Node, tag="money"):
    """Money in minor units, written in major (roubles) or minor ones (kopecks)."""

    of: "Expression"
    unit: Literal["major", "minor"] = "major"
    rounding: Rounding = "exact"


class Whole(_Node, tag="whole"):
    """A whole number."""

    of: "Expression"
    rounding: Rounding = "exact"


class Number(_Node, tag="number"):
    """A decimal number: pieces, kilograms."""

    of: "Expression"


class Moment(_Node, tag="date"):
    """An instant. Without `formats` those of the source; without a zone written in it, `zone`."""

    of: "Expression"
    formats: tuple[Text, ...] = ()
    zone: Text = ""
    plus_days: Annotated[int, msgspec.Meta(ge=-3660, le=3660)] = 0


class Upper(_Node, tag="upper"):
    """A text in capitals without spaces, as cards are kept."""

    of: "Expression"


class Digits(_Node, tag="digits"):
    """The digits of a text."""

    of: "Expression"


class Phone(_Node, tag="phone"):
    """A telephone as `+79161234567`."""

    of: "Expression"
    region: Annotated[str, msgspec.Meta(pattern="^[A-Z]{2}$")] = "RU"


class Hash(_Node, tag="hash"):
    """A digest of several fields, where no field alone is a name."""

    parts: tuple["Expression", ...]


class Minus(_Node, tag="minus"):
    """A number less another: what is left of a line."""

    of: "Expression"
    less: "Expression"


class Share(_Node, tag="share"):
    """A part of a number, as `part` is of `whole`: the unused days of a policy."""

    of: "Expression"
    part: "Expression"
    whole: "Expression"
    rounding: Rounding = "down"


class Sum(_Node, tag="sum"):
    """The sum over the rows of a nested list."""

    each: Name
    of: "Expression"


class Worth(_Node, tag="worth"):
    """What so many points are worth, in minor units: points by the programme's worth of a point."""

    of: "Expression"


class PointsFor(_Node, tag="points_for"):
    """So many points are worth an amount of minor units."""

    of: "Expression"
    rounding: Rounding = "down"


class Outcome(_Node, tag="outcome"):
    """What came of the commands: only where the partner is told, or money is noted."""

    name: Literal["state", "points", "balance", "available", "key", "code", "reason", "uncovered"]


Expression = (
    str
    | Field
    | Constant
    | Concat
    | Lookup
    | Default
    | Amount
    | Whole
    | Number
    | Moment
    | Upper
    | Digits
    | Phone
    | Hash
    | Minus
    | Share
    | Sum
    | Worth
    | PointsFor
    | Outcome
)


class Condition(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something that holds of a record. `matches` knows `*` and `?`, no more: it always ends."""

    of: Expression
    equals: str | None = None
    one_of: tuple[str, ...] | None = None
    matches: Text | None = None
    is_empty: bool | None = None
    negate: bool = False


class Member(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """By what a member is named."""

    kind: Literal["id", "phone", "card", "partner"]
    value: Expression


Ids = tuple[Expression, ...]


class Lines(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Lines of a receipt: the rows of a nested list, or the record itself."""

    line: Expression
    amount: Expression
    each: Text = ""
    quantity: Expression | None = None
    category: Expression | None = None
    item: Expression | None = None


class Due(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a purchase earns: so many days after an instant, when it can no longer be returned."""

    after: Expression
    days: Days


class _Command(msgspec.Struct, forbid_unknown_fields=True, tag_field="command"):
    pass


class AccrueOf(_Command, tag="accrue"):
    """Points the partner has counted."""

    key: Ids
    at: Expression
    member: Member
    points: Expression
    reference: Expression | None = None
    active_at: Expression | None = None
    expires_at: Expression | None = None


class PurchaseOf(_Command, tag="purchase"):
    """The state of an order or receipt: what of it is bought and kept.

    `version` grows with each change at the partner, so that an older state that comes later changes
    nothing. With `due` it earns only then.
    """

    receipt: Expression
    at: Expression
    member: Member
    lines: Lines
    version: Expression | None = None
    due: Due | None = None
    on_change: Literal["refuse", "revise"] = "refuse"
    hold: Ids | None = None


class CancelOf(_Command, tag="cancel"):
    """Nothing of an order is bought any more."""

    receipt: Expression
    at: Expression
    version: Expression | None = None


class ReturnOf(_Command, tag="return"):
    """Goods of a receipt come back; without lines all that is left."""

    key: Ids
    receipt: Expression
    at: Expression
    lines: Lines | None = None


class HoldOf(_Command, tag="hold"):
    """Set points aside, for so many minutes or until an instant."""

    key: Ids
    at: Expression
    member: Member
    points: Expression
    minutes: Annotated[int, msgspec.Meta(ge=1, le=400 * 24 * 60)] | None = None
    until: Expression | None = None
    reference: Expression | None = None
    device: Expression | None = None


class PostOf(_Command, tag="post"):
    """Spend what a hold set aside; `hold` are the ids of its key."""

    key: Ids
    hold: Ids
    at: Expression
    points: Expression | None = None


class VoidOf(_Command, tag="void"):
    """Give back what a hold set aside."""

    key: Ids
    hold: Ids
    at: Expression


class SpendOf(_Command, tag="spend"):
    """Spend at once. What the balance no longer covers is refused, or somebody bears it."""

    key: Ids
    at: Expression
    member: Member
    points: Expression
    reference: Expression | None = None
    device: Expression | None = None
    uncovered: Literal["refuse", "partner", "programme"] = "refuse"


class ReverseOf(_Command, tag="reverse"):
    """Take back what the command `what` with the ids `of` posted, or so many points of it."""

    key: Ids
    what: Literal["accrue", "post", "spend", "hold"]
    of: Ids
    at: Expression
    points: Expression | None = None


class BalanceOf(_Command, tag="balance"):
    """Read what a member has; it changes nothing."""

    member: Member


CommandOf = (
    AccrueOf
    | PurchaseOf
    | CancelOf
    | ReturnOf
    | HoldOf
    | PostOf
    | VoidOf
    | SpendOf
    | ReverseOf
    | BalanceOf
)


class Tell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A call to the partner about what came of a record."""

    path: Expression
    body: dict[str, Expression]
    on: tuple[Literal["taken", "refused"], ...] = ("taken",)


class Clearing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Money that goes beside the points: `amount` in minor units is owed to the partner.

    With `back` the partner owes it: a discount that is taken back.
    """

    matter: Expression
    amount: Expression
    back: bool = False


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What to do with records that fit `when`; the first rule that fits counts.

    Commands are carried out in order; without any the record is passed over.
    """

    name: Name
    when: tuple[Condition, ...] = ()
    commands: tuple[CommandOf, ...] = ()
    tell: tuple[Tell, ...] = ()
    clearing: tuple[Clearing, ...] = ()


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the partner sends, and how it is written."""

    format: Literal["csv", "json", "ndjson", "xml"]
    records: Text = ""
    encoding: Literal["utf-8", "windows-1251", "koi8-r", "utf-16", "cp866"] = "utf-8"
    delimiter: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = ";"
    quote: Annotated[str, msgspec.Meta(min_length=1, max_length=1)] = '"'
    columns: tuple[Name, ...] = ()
    decimal: Literal[".", ","] = "."
    dates: tuple[Text, ...] = ("iso",)
    zone: Text = "Europe/Moscow"
    group_by: tuple[Name, ...] = ()


class MappingDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A mapping as it is written."""

    source: Source
    rules: tuple[Rule, ...]
    unknown_columns: Literal["ignore", "warn", "stop"] = "warn"
    known_columns: tuple[Name, ...] = ()
    personal: tuple[Name, ...] = ()
    otherwise: Literal["refuse", "skip"] = "refuse"
