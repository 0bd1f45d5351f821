"""Ways to a person's devices, all behind one protocol.

A channel sends one message to one device and says what came of it: sent, gone (forget the device),
later, or refused. It never raises for what a push service may do. What is unknown is said to be
`later`, and is sent again under the same number.
"""

from hansa.modules.notifications.channels.protocol import (
    Channel,
    Gone,
    Later,
    Outcome,
    Push,
    Refused,
    Sent,
    Urgency,
)

__all__ = ["Channel", "Gone", "Later", "Outcome", "Push", "Refused", "Sent", "Urgency"]
