"""Programs of partners that sign in by OAuth 2: client credentials, by secret or signed assertion.

Promises: a secret is kept as a digest and shown once; an assertion counts once; a token is checked
without the database, and within five seconds of its end nothing that was ended opens any door.
Locks: account_oauth_client rows, one at a time.
"""

from hansa.modules.accounts.oauth.model import (
    NEEDS_KEY_PROOF,
    AddressRefused,
    Client,
    ClientInvalid,
    ClientKey,
    ClientSecret,
    KeyThere,
    KeyUnfit,
    NoSuchClient,
    NoSuchClientKey,
    NoSuchSecret,
    ScopeNotOffered,
    TooManyProofs,
)
from hansa.modules.accounts.oauth.operations import (
    add_client_key,
    change_client,
    create_client,
    remove_client_key,
    revoke_client,
    revoke_secret,
    rotate_secret,
)
from hansa.modules.accounts.oauth.queries import get_client, list_clients

__all__ = [
    "NEEDS_KEY_PROOF",
    "AddressRefused",
    "Client",
    "ClientInvalid",
    "ClientKey",
    "ClientSecret",
    "KeyThere",
    "KeyUnfit",
    "NoSuchClient",
    "NoSuchClientKey",
    "NoSuchSecret",
    "ScopeNotOffered",
    "TooManyProofs",
    "add_client_key",
    "change_client",
    "create_client",
    "get_client",
    "list_clients",
    "remove_client_key",
    "revoke_client",
    "revoke_secret",
    "rotate_secret",
]
