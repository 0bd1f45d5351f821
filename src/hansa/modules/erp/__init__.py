"""Exchange with 1C: goods, prices and stock in, orders out, their statuses back.

Through CommerceML (files, `importing`, `protocol`) and through REST (rows, `rest`).

Owns connections, sessions, received files, references to outside ids, the exchange log.
Promises: a file is imported exactly once however often its import is interrupted; what cannot be
read or used is refused by itself with a reason and the rest is taken; what a full export does not
name is taken away only when the whole of it was read, and a person decides when it is much; an
order is sent until 1C says that it has it. Publishes: contracts.erp. Locks: the file's row, then
those of catalogue, prices and stock in their order; files of one connection come one by one.

1C repeats a chunk whose answer it did not get: see `importing.content` for how that is told apart.
"""

from hansa.modules.erp import outgoing
from hansa.modules.erp.decisions import NoSuchRemoval, decide_removal
from hansa.modules.erp.folder import FolderReport, import_folder
from hansa.modules.erp.jobs_data import ImportFile
from hansa.modules.erp.linking import link_references
from hansa.modules.erp.model import (
    OWNABLE,
    Action,
    AlreadyDecided,
    Connection,
    FileState,
    ImportedFile,
    Kind,
    NoConnection,
    NoSuchFile,
    Removal,
    StillImporting,
)
from hansa.modules.erp.queries import (
    ExchangeRow,
    LogRow,
    Tally,
    external_ids,
    get_connection,
    get_file,
    list_connections,
    list_exchanges,
    list_files,
    list_log,
    list_removals,
    tally,
)
from hansa.modules.erp.rest.batches import NoSuchBatch, get_batch, list_batches
from hansa.modules.erp.rest.calling import list_keys, make_key
from hansa.modules.erp.rest.model import Batch
from hansa.modules.erp.rest.owning import (
    MAPPABLE,
    map_identifiers,
    owners_of_warehouses,
    set_owned_fields,
    set_owned_warehouses,
)
from hansa.modules.erp.rest.waiting import count_waiting
from hansa.modules.erp.sessions import (
    ensure_connection,
    find_connection,
    repeat_file,
    save_connection,
)
from hansa.modules.erp.uploads import NothingToImport, receive_files

__all__ = [
    "MAPPABLE",
    "OWNABLE",
    "Action",
    "AlreadyDecided",
    "Batch",
    "Connection",
    "ExchangeRow",
    "FileState",
    "FolderReport",
    "ImportFile",
    "ImportedFile",
    "Kind",
    "LogRow",
    "NoConnection",
    "NoSuchBatch",
    "NoSuchFile",
    "NoSuchRemoval",
    "NothingToImport",
    "Removal",
    "StillImporting",
    "Tally",
    "count_waiting",
    "decide_removal",
    "ensure_connection",
    "external_ids",
    "find_connection",
    "get_batch",
    "get_connection",
    "get_file",
    "import_folder",
    "link_references",
    "list_batches",
    "list_connections",
    "list_exchanges",
    "list_files",
    "list_keys",
    "list_log",
    "list_removals",
    "make_key",
    "map_identifiers",
    "outgoing",
    "owners_of_warehouses",
    "receive_files",
    "repeat_file",
    "save_connection",
    "set_owned_fields",
    "set_owned_warehouses",
    "tally",
]
