"""Collections that open at a second: release, waiting room, limits per person.

Owns drops with their products, the line of each waiting room, and what each person has of a drop.
Promises: before the instant nobody sees or buys, from it on everybody does, without a job in
between; no more people are inside than the capacity, in the order of the draw and then of arrival,
one place per session; whoever was let in may finish an order; limits hold exactly, claimed in the
order's transaction, given back when it is cancelled.
Publishes nothing. Locks: the line of a drop, then tickets by id; counters by drop, person, item.
"""

from hansa.modules.drops.directory import Directory
from hansa.modules.drops.gate import enter, pass_gate, touch
from hansa.modules.drops.limits import check_limits, check_open, claim, release
from hansa.modules.drops.model import (
    REFUSALS,
    CodeTaken,
    Drop,
    DropId,
    DropInvalid,
    DropItem,
    InLine,
    LimitReached,
    NoSuchDrop,
    NotOpenYet,
    Person,
    Phase,
    Place,
    ProductTaken,
    Wanted,
)
from hansa.modules.drops.moving import move_places
from hansa.modules.drops.operations import close_drop, save_drop, set_admission, take_drop
from hansa.modules.drops.queries import Progress, get_drop, list_drops, progress
from hansa.modules.drops.rooms import Rooms
from hansa.modules.drops.visitor import digest_of, visitor_of

__all__ = [
    "REFUSALS",
    "CodeTaken",
    "Directory",
    "Drop",
    "DropId",
    "DropInvalid",
    "DropItem",
    "InLine",
    "LimitReached",
    "NoSuchDrop",
    "NotOpenYet",
    "Person",
    "Phase",
    "Place",
    "ProductTaken",
    "Progress",
    "Rooms",
    "Wanted",
    "check_limits",
    "check_open",
    "claim",
    "close_drop",
    "digest_of",
    "enter",
    "get_drop",
    "list_drops",
    "move_places",
    "pass_gate",
    "progress",
    "release",
    "save_drop",
    "set_admission",
    "take_drop",
    "touch",
    "visitor_of",
]
