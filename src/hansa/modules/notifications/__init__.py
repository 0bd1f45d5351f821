"""Messages to people's devices: campaigns to segments, personal notices, push adapters.

Owns: devices with their push tokens, templates, campaigns with their recipients, sent messages.
Promises: a person gets a message once; no more of them than the cap allows, none in quiet hours of
their own zone, none without consent, none in the control group; a dead token is forgotten.
"""

from hansa.modules.notifications.channels.registry import Channels
from hansa.modules.notifications.devices import (
    list_devices,
    list_preferences,
    refresh_device,
    register_device,
    remove_device,
    set_preference,
)
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

__all__ = [
    "ChannelName",
    "Channels",
    "Device",
    "DeviceInvalid",
    "Kind",
    "NewDevice",
    "NoSuchDevice",
    "NotAMember",
    "Preference",
    "TooManyDevices",
    "list_devices",
    "list_preferences",
    "refresh_device",
    "register_device",
    "remove_device",
    "set_preference",
]
