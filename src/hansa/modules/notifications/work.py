"""The jobs of notifications, as data."""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from hansa.kernel.message import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetDevices(Job):
    """Remove devices of which nothing was heard for very long."""

    type: ClassVar[str] = "notifications.forget_devices"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetMessages(Job):
    """Remove messages and statuses that ended long ago."""

    type: ClassVar[str] = "notifications.forget_messages"


@dataclass(frozen=True, slots=True, kw_only=True)
class PickRecipients(Job):
    """Pick the people of a campaign, from where it stands."""

    type: ClassVar[str] = "notifications.pick_recipients"
    campaign_id: UUID

    def lock(self) -> str | None:
        """One of a campaign at a time."""
        return f"notifications.pick:{self.campaign_id}"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return f"notifications.pick:{self.campaign_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopMessages(Job):
    """Take back what a stopped campaign has waiting."""

    type: ClassVar[str] = "notifications.stop_messages"
    campaign_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TendCampaigns(Job):
    """Start campaigns that are due, end those that have sent everything."""

    type: ClassVar[str] = "notifications.tend_campaigns"

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return "notifications.tend_campaigns"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureCampaign(Job):
    """Compare what the treated did with what the control group did."""

    type: ClassVar[str] = "notifications.measure_campaign"
    campaign_id: UUID

    def queueing_lock(self) -> str | None:
        """One that waits is enough."""
        return f"notifications.measure:{self.campaign_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WarnOfExpiry(Job):
    """Tell members whose points expire within days."""

    type: ClassVar[str] = "notifications.warn_of_expiry"
