"""Questions to shops in Slack: Block Kit messages with buttons, clicks signed by Slack.

Promises: a click counts only with Slack's signature over the raw body, at most five minutes old; it
is acknowledged after one short transaction, the message is drawn anew by a job. A message whose
answer was lost is found again by its metadata and not sent twice.
"""

from hansa.modules.fulfilment.slack.channel import SlackChannel, make

__all__ = ["SlackChannel", "make"]
