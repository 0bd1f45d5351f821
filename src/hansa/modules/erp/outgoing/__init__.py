"""Messages to the ERP: what changed leaves within a second of its commit, in order per subject.

Owns the queue of messages per connection, its settings and contract versions.
Promises: a message holds the whole state of its subject; from the first attempt on its bytes do not
change, so one id means one thing however often it is sent; a subject's messages go one after the
other and in order; what the ERP refuses holds back its own subject alone; nothing is forgotten
until the ERP has acknowledged it or a person has discarded it.
Locks: an advisory lock of each subject, sorted; then the connection's counter; then messages,
sorted by number; then the order and its stock.
"""

from hansa.modules.erp.outgoing.answers import acknowledge
from hansa.modules.erp.outgoing.desk import discard, replay, resend
from hansa.modules.erp.outgoing.model import (
    VERSIONS,
    Answer,
    Breaker,
    Contract,
    Health,
    Message,
    MessageEnded,
    MessageKind,
    MessageState,
    NoOutgoing,
    NoSuchMessage,
    Outcome,
    Outgoing,
    OutgoingInvalid,
    SignIn,
    Transport,
    switched,
)
from hansa.modules.erp.outgoing.personal import readable
from hansa.modules.erp.outgoing.queries import (
    DeadReason,
    QueueTally,
    count_behind,
    dead_by_reason,
    get_message,
    health_of,
    list_messages,
    tally,
)
from hansa.modules.erp.outgoing.queue import list_outgoings
from hansa.modules.erp.outgoing.setup import (
    find_outgoing,
    save_contracts,
    save_outgoing,
    switch_contract,
)

__all__ = [
    "VERSIONS",
    "Answer",
    "Breaker",
    "Contract",
    "DeadReason",
    "Health",
    "Message",
    "MessageEnded",
    "MessageKind",
    "MessageState",
    "NoOutgoing",
    "NoSuchMessage",
    "Outcome",
    "Outgoing",
    "OutgoingInvalid",
    "QueueTally",
    "SignIn",
    "Transport",
    "acknowledge",
    "count_behind",
    "dead_by_reason",
    "discard",
    "find_outgoing",
    "get_message",
    "health_of",
    "list_messages",
    "list_outgoings",
    "readable",
    "replay",
    "resend",
    "save_contracts",
    "save_outgoing",
    "switch_contract",
    "switched",
    "tally",
]
