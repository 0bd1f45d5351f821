"""Segments and campaigns as values: what they are, who is in the control group, what may follow."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from hansa.kernel.errors import Invalid, NotFound, Rejected
from hansa.modules import loyalty
from hansa.modules.notifications.model import Kind
from hansa.modules.notifications.texts import BALANCE, Texts, check_texts, places_of

SHARE_WHOLE = 10_000
CONTROL_SHARE_MAX = 9_000
VARIANTS_MAX = 4
MEASURED_DAYS_MAX = 90
NAME_CHARACTERS_MAX = 120
LINK_CHARACTERS_MAX = 300
LASTS = timedelta(days=3)
"""How long a campaign sends that names no end."""

PLACES = frozenset({"name", "balance"})


class CampaignState(StrEnum):
    """Where a campaign is; what was sent stays sent."""

    DRAFT = "draft"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    STOPPED = "stopped"


_STEPS: Mapping[CampaignState, frozenset[CampaignState]] = {
    CampaignState.DRAFT: frozenset({CampaignState.APPROVED}),
    CampaignState.APPROVED: frozenset({CampaignState.RUNNING, CampaignState.DRAFT}),
    CampaignState.RUNNING: frozenset(
        {CampaignState.PAUSED, CampaignState.STOPPED, CampaignState.DONE}
    ),
    CampaignState.PAUSED: frozenset({CampaignState.RUNNING, CampaignState.STOPPED}),
    CampaignState.DONE: frozenset(),
    CampaignState.STOPPED: frozenset(),
}


@dataclass(eq=False)
class CampaignInvalid(Invalid):
    """A field of a campaign or segment is no such thing; `field` says which."""

    code: ClassVar[str] = "notifications.campaign_invalid"
    message: ClassVar[str] = "This cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class CampaignRefuses(Rejected):
    """A campaign in this state does not do that."""

    code: ClassVar[str] = "notifications.campaign_refuses"
    message: ClassVar[str] = "This is not possible now: the campaign is {state}."

    state: str


@dataclass(eq=False)
class NoSuchCampaign(NotFound):
    """There is no campaign or segment with this number."""

    code: ClassVar[str] = "notifications.no_such_campaign"
    message: ClassVar[str] = "There is no such campaign or segment."


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Saved filters; with `has_device` only those who can be reached."""

    id: UUID
    name: str
    programme_id: UUID
    criteria: loyalty.desk.Criteria
    has_device: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One of the texts of a campaign; `weight` is its share among the others."""

    code: str
    texts: Texts
    weight: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Messages to a segment. `control_share` of 10,000 are recorded and get nothing."""

    id: UUID
    name: str
    kind: Kind
    programme_id: UUID
    segment_id: UUID
    variants: tuple[Variant, ...]
    state: CampaignState = CampaignState.DRAFT
    control_share: int = 1_000
    link: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    measured_days: int = 14
    is_picked: bool = False
    picked: int = 0
    control: int = 0
    started_at: datetime | None = None
    ended_at: datetime | None = None
    result: Mapping[str, object] | None = field(default=None, compare=False)
    result_at: datetime | None = None

    @property
    def tells_balance(self) -> bool:
        """Tell whether a text has the balance in it."""
        return any(BALANCE in places_of(one.texts) for one in self.variants)

    @property
    def sends_until(self) -> datetime | None:
        """The instant from which nothing is sent any more, once it has started."""
        if self.ends_at is not None or self.started_at is None:
            return self.ends_at
        return self.started_at + LASTS


@dataclass(frozen=True, slots=True)
class Lot:
    """What falls to a member in a campaign."""

    is_control: bool
    variant: Variant


def check_campaign(campaign: Campaign) -> None:
    """See that a campaign can run.

    Raises:
        CampaignInvalid, TextInvalid, PlaceUnknown: as their names say.
    """
    for name, is_right in (
        ("name", 0 < len(campaign.name.strip()) <= NAME_CHARACTERS_MAX),
        ("kind", campaign.kind.is_marketing),
        ("control_share", 0 <= campaign.control_share <= CONTROL_SHARE_MAX),
        ("measured_days", 1 <= campaign.measured_days <= MEASURED_DAYS_MAX),
        ("link", not campaign.link or _is_path(campaign.link)),
        ("ends_at", _is_after(campaign.ends_at, campaign.starts_at)),
        ("variants", 1 <= len(campaign.variants) <= VARIANTS_MAX),
        ("variants", len({one.code for one in campaign.variants}) == len(campaign.variants)),
        ("variants", all(1 <= one.weight <= 100 for one in campaign.variants)),  # noqa: PLR2004 - percents
    ):
        if not is_right:
            raise CampaignInvalid(name)
    for variant in campaign.variants:
        check_texts(variant.texts, places=PLACES)


def step(state: CampaignState, to: CampaignState) -> None:
    """See that a campaign may come from a state to another.

    Raises:
        CampaignRefuses: it may not.
    """
    if to not in _STEPS[state]:
        raise CampaignRefuses(state)


def draw(campaign: Campaign, member_id: UUID) -> Lot:
    """Give what falls to a member: the same whenever it is asked, another in another campaign."""
    digest = hashlib.sha256(campaign.id.bytes + member_id.bytes).digest()
    is_control = int.from_bytes(digest[:8], "big") % SHARE_WHOLE < campaign.control_share
    weights = sum(one.weight for one in campaign.variants)
    place = int.from_bytes(digest[8:16], "big") % weights
    for variant in campaign.variants:
        place -= variant.weight
        if place < 0:
            return Lot(is_control, variant)
    raise AssertionError("the weights sum to more than the place")


def _is_path(link: str) -> bool:
    """Links lead within the app: whoever writes campaigns sends nobody elsewhere."""
    is_local = link.startswith("/") and not link.startswith("//") and "\\" not in link
    return is_local and len(link) <= LINK_CHARACTERS_MAX and link.isprintable()


def _is_after(ends_at: datetime | None, starts_at: datetime | None) -> bool:
    return ends_at is None or starts_at is None or ends_at > starts_at
