"""Messages to people's devices: campaigns to segments, personal notices, push adapters.

Owns: devices with their push tokens, templates, campaigns with their recipients, sent messages.
Promises: a person gets a message once; no more of them than the cap allows, none in quiet hours of
their own zone, none without consent, none in the control group; a dead token is forgotten.
Locks: a campaign's row, then rows of persons by member, then messages.
"""

from hansa.modules.notifications.campaigning import (
    get_campaign,
    get_segment,
    list_campaigns,
    list_segments,
    move_campaign,
    save_campaign,
    save_segment,
)
from hansa.modules.notifications.campaigns import (
    Campaign,
    CampaignInvalid,
    CampaignRefuses,
    CampaignState,
    NoSuchCampaign,
    Segment,
    Variant,
)
from hansa.modules.notifications.channels.registry import Channels
from hansa.modules.notifications.devices import (
    list_devices,
    list_preferences,
    refresh_device,
    register_device,
    remove_device,
    set_preference,
)
from hansa.modules.notifications.measuring import Result, result_of
from hansa.modules.notifications.messages import CONSENT_PURPOSE, MessageState, Notice, Reason
from hansa.modules.notifications.model import (
    ChannelName,
    Device,
    DeviceInvalid,
    Kind,
    NewDevice,
    NoSuchDevice,
    NotAMember,
    Preference,
    TooManyDevices,
)
from hansa.modules.notifications.notifying import notify, notify_all
from hansa.modules.notifications.opening import note_opening
from hansa.modules.notifications.policy import Policy, PolicyInvalid
from hansa.modules.notifications.queries import (
    ChannelCount,
    Counted,
    Delivered,
    FailedMessage,
    SentMessage,
    count_devices,
    count_fates,
    list_failed,
    list_messages,
    send_again,
)
from hansa.modules.notifications.rules import get_policy, save_policy
from hansa.modules.notifications.templates import (
    NoSuchTemplate,
    Template,
    list_templates,
    save_template,
)
from hansa.modules.notifications.texts import PlaceUnknown, Text, TextInvalid, Texts, choose, fill

__all__ = [
    "CONSENT_PURPOSE",
    "Campaign",
    "CampaignInvalid",
    "CampaignRefuses",
    "CampaignState",
    "ChannelCount",
    "ChannelName",
    "Channels",
    "Counted",
    "Delivered",
    "Device",
    "DeviceInvalid",
    "FailedMessage",
    "Kind",
    "MessageState",
    "NewDevice",
    "NoSuchCampaign",
    "NoSuchDevice",
    "NoSuchTemplate",
    "NotAMember",
    "Notice",
    "PlaceUnknown",
    "Policy",
    "PolicyInvalid",
    "Preference",
    "Reason",
    "Result",
    "Segment",
    "SentMessage",
    "Template",
    "Text",
    "TextInvalid",
    "Texts",
    "TooManyDevices",
    "Variant",
    "choose",
    "count_devices",
    "count_fates",
    "fill",
    "get_campaign",
    "get_policy",
    "get_segment",
    "list_campaigns",
    "list_devices",
    "list_failed",
    "list_messages",
    "list_preferences",
    "list_segments",
    "list_templates",
    "move_campaign",
    "note_opening",
    "notify",
    "notify_all",
    "refresh_device",
    "register_device",
    "remove_device",
    "result_of",
    "save_campaign",
    "save_policy",
    "save_segment",
    "save_template",
    "send_again",
    "set_preference",
]
