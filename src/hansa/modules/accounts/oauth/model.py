"""Clients as values: what they may do, where from, and what proves that it is they."""

import ipaddress
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal
from uuid import UUID

from hansa.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Rejected

NAME_CHARACTERS_MAX = 100
SCOPES_MAX = 50
NETWORKS_MAX = 20
SECRETS_MAX = 5
KEYS_MAX = 10
OVERLAP_DEFAULT = timedelta(days=7)
OVERLAP_MAX = timedelta(days=90)
PER_MINUTE_MAX = 10_000_000

NEEDS_KEY_PROOF = frozenset({"loyalty.spend"})
"""Scopes that a client with `spend_needs_key` gets only by an assertion signed with its key."""

Method = Literal["client_secret_basic", "client_secret_post", "private_key_jwt"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientSecret:
    """A secret of a client, without the secret: `hint` is how it ends."""

    id: UUID
    hint: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_good(self, now: datetime) -> bool:
        """Tell whether it opens the door."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > now)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKey:
    """A public key of a client, as JWK; it checks the assertions the client signs."""

    id: UUID
    kid: str
    jwk: dict[str, str]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A program that signs in by OAuth 2. `partner_id` is its owner; without one it is our own."""

    id: UUID
    public_id: str
    name: str
    partner_id: UUID | None
    scopes: tuple[str, ...]
    is_sandbox: bool
    spend_needs_key: bool
    networks: tuple[str, ...]
    requests_per_minute: int | None
    terms_id: UUID
    created_by: UUID | None
    created_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    secrets: tuple[ClientSecret, ...] = ()
    keys: tuple[ClientKey, ...] = ()


@dataclass(eq=False)
class NoSuchClient(NotFound):
    """There is no such client, or it belongs to somebody else, or it was ended."""

    code: ClassVar[str] = "accounts.no_such_client"
    message: ClassVar[str] = "There is no such client, or it was ended."


@dataclass(eq=False)
class NoSuchSecret(NotFound):
    """The client has no such secret that is good."""

    code: ClassVar[str] = "accounts.no_such_secret"
    message: ClassVar[str] = "The client has no such secret."


@dataclass(eq=False)
class NoSuchClientKey(NotFound):
    """The client has no such public key."""

    code: ClassVar[str] = "accounts.no_such_client_key"
    message: ClassVar[str] = "The client has no such public key."


@dataclass(eq=False)
class ClientInvalid(Invalid):
    """The client cannot be as wanted."""

    code: ClassVar[str] = "accounts.client_invalid"
    message: ClassVar[str] = "The client cannot be saved: {reason}."

    reason: str


@dataclass(eq=False)
class KeyUnfit(Invalid):
    """The public key is none, or of a kind we do not take."""

    code: ClassVar[str] = "accounts.client_key_unfit"
    message: ClassVar[str] = "This public key cannot be used: {reason}."

    reason: str


@dataclass(eq=False)
class KeyThere(Conflict):
    """The client has, or had, a key of this name."""

    code: ClassVar[str] = "accounts.client_key_there"
    message: ClassVar[str] = "The client has or had a key named “{kid}”. Give the new one another."

    kid: str


@dataclass(eq=False)
class TooManyProofs(Rejected):
    """The client has as many good secrets or keys as it may have."""

    code: ClassVar[str] = "accounts.too_many_proofs"
    message: ClassVar[str] = "A client has at most {most} of these at once. End an old one first."

    most: int


@dataclass(eq=False)
class ScopeNotOffered(Forbidden):
    """A scope was asked for that whoever asks may not give."""

    code: ClassVar[str] = "accounts.scope_not_offered"
    message: ClassVar[str] = "The scope “{scope}” cannot be given to this client."

    scope: str


@dataclass(eq=False)
class AddressRefused(Forbidden):
    """A token came from an address that its client's list does not have."""

    code: ClassVar[str] = "access.address_refused"
    message: ClassVar[str] = "This client may not call from this address."


def check_name(name: str) -> str:
    """Give the name as it is kept.

    Raises:
        ClientInvalid: it is empty or too long.
    """
    cleaned = name.strip()
    if not 1 <= len(cleaned) <= NAME_CHARACTERS_MAX:
        raise ClientInvalid(f"its name has 1 to {NAME_CHARACTERS_MAX} characters")
    return cleaned


def check_scopes(
    scopes: Iterable[str],
    *,
    known: Collection[str] | None,
    at_most: Collection[str] | None,
) -> list[str]:
    """Give the scopes sorted, each once.

    Raises:
        ClientInvalid: there are none, too many, or one that no module declares.
        ScopeNotOffered: one is not among those offered.
    """
    wanted = sorted(set(scopes))
    if not 1 <= len(wanted) <= SCOPES_MAX:
        raise ClientInvalid(f"it needs 1 to {SCOPES_MAX} scopes")
    if at_most is not None:
        for scope in wanted:
            if scope not in at_most:
                raise ScopeNotOffered(scope)
    unknown = [one for one in wanted if one == "*" or (known is not None and one not in known)]
    if unknown:
        raise ClientInvalid(f"unknown scopes {', '.join(unknown)}")
    return wanted


def check_networks(networks: Sequence[str]) -> list[str]:
    """Give the networks as they are kept; a bare address is a network of one.

    Raises:
        ClientInvalid: one is none, or there are too many.
    """
    if len(networks) > NETWORKS_MAX:
        raise ClientInvalid(f"its list of addresses has at most {NETWORKS_MAX} entries")
    found = []
    for one in networks:
        try:
            found.append(str(ipaddress.ip_network(one.strip())))
        except ValueError as error:
            raise ClientInvalid(
                f"“{one[:60]}” is neither an address nor a network such as 192.0.2.0/24"
            ) from error
    return sorted(set(found))


def check_rate(per_minute: int | None) -> int | None:
    """Give the limit.

    Raises:
        ClientInvalid: it is not positive, or beyond any machine.
    """
    if per_minute is not None and not 1 <= per_minute <= PER_MINUTE_MAX:
        raise ClientInvalid(f"its limit is 1 to {PER_MINUTE_MAX} requests a minute")
    return per_minute


def is_inside(address: str, networks: Sequence[str]) -> bool:
    """Tell whether an address is in one of the networks; without any, every address is."""
    if not networks:
        return True
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(found, ipaddress.IPv6Address) and found.ipv4_mapped is not None:
        found = found.ipv4_mapped
    return any(found in ipaddress.ip_network(one) for one in networks)


def granted(
    client: Client, *, asked: Collection[str], method: Method
) -> tuple[list[str], list[str]]:
    """Give the scopes of a token and those that were asked for and cannot be had.

    Who asks for nothing gets all that this way of proving oneself allows.
    """
    allowed = set(client.scopes)
    if client.spend_needs_key and method != "private_key_jwt":
        allowed -= NEEDS_KEY_PROOF
    if not asked:
        return sorted(allowed), []
    return sorted(allowed & set(asked)), sorted(set(asked) - allowed)
