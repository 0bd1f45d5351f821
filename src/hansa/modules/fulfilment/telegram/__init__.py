"""Questions to shops in Telegram: messages with an inline keyboard, updates with a secret header.

Promises: an update counts only with the secret; every press is answered at once, in the answer to
its update; the message is drawn anew by a job. The Bot API knows no key that makes a message unique
and cannot be asked whether one arrived: a message whose answer was lost is sent again, the buttons
of both work, and whichever is pressed is drawn anew.
"""

from hansa.modules.fulfilment.telegram.channel import TelegramChannel, connect, make

__all__ = ["TelegramChannel", "connect", "make"]
