"""What names a member, made unreadable: a keyed hash of telephones, cards and partners' own ids.

The keys come from the secret key of the installation and are the same in every process. Whoever
reads our tables without the key can neither read a telephone nor try all of them. With another
secret key nobody is found any more: see docs/how-to/loyalty-members.md.
"""

import hashlib
import hmac
from collections.abc import Iterable
from typing import TYPE_CHECKING
from uuid import UUID

from hansa.modules import parties
from hansa.modules.loyalty.members.buckets import use_buckets
from hansa.modules.loyalty.members.model import MemberRef, RefKind

if TYPE_CHECKING:
    from hansa.runtime.context import Context

_REFERENCES = b"hansa.loyalty.references"
_TOKENS = b"hansa.loyalty.card-tokens"
_CODES = b"hansa.loyalty.codes"
PARTNER_SYSTEM = "loyalty:"


class _Keys:
    """The keys of this process, derived once: a batch of postings hashes thousands a second."""

    def __init__(self) -> None:
        self._keys: dict[bytes, bytes] = {}

    def use(self, secret: bytes) -> None:
        self._keys = {
            purpose: hmac.digest(secret, purpose, hashlib.sha256)
            for purpose in (_REFERENCES, _TOKENS, _CODES)
        }

    def of(self, purpose: bytes) -> bytes:
        assert self._keys, "the service members.Naming was not started: there is no key yet"
        return self._keys[purpose]


_KEYS = _Keys()


def use_secret(secret: bytes) -> None:
    """Derive the keys of this process; for programs that start no services."""
    _KEYS.use(secret)


class Naming:
    """Brings the installation's secret to this module before anything is asked of it."""

    def __init__(self, context: "Context") -> None:
        self._secret = context.settings.secret_key.reveal().encode()
        self._buckets = context.settings.buckets

    async def start(self) -> None:
        """Derive the keys; remember which buckets members made here may have."""
        use_secret(self._secret)
        use_buckets(self._buckets)

    async def close(self) -> None:
        """Nothing is open."""


def value_of(kind: RefKind, scope: str, value: str) -> bytes:
    """Give what is kept of a telephone, card or partner's own id; its spelling is normalised."""
    text = f"{kind.value}|{scope}|{value}".encode()
    return hmac.digest(_KEYS.of(_REFERENCES), text, hashlib.sha256)


def reference_value(ref: MemberRef, partner_id: UUID | None) -> bytes:
    """Give what is kept of a name in normal spelling, as somebody's who is not known yet."""
    return value_of(ref.kind, scope_of(ref.kind, partner_id), ref.value)


def secret_value(text: str) -> bytes:
    """Give what is kept of something that is only counted, such as an address."""
    return hmac.digest(_KEYS.of(_REFERENCES), b"counted|" + text.encode(), hashlib.sha256)


def scope_of(kind: RefKind, partner_id: UUID | None) -> str:
    """Give where a reference counts: everywhere, or within a partner."""
    return str(partner_id) if kind is RefKind.PARTNER and partner_id is not None else ""


def token_signature(text: bytes) -> bytes:
    """Sign a card token."""
    return hmac.digest(_KEYS.of(_TOKENS), text, hashlib.sha256)


def code_digest(text: str) -> bytes:
    """Give the bytes a one-time code is made of, or the signature of a proof."""
    return hmac.digest(_KEYS.of(_CODES), text.encode(), hashlib.sha256)


def identifier_of(ref: MemberRef, partner_id: UUID | None) -> parties.Identifier:
    """Give a reference as the parties keep it, readable and normalised.

    Raises:
        parties.IdentifierInvalid: it is none of its kind.
    """
    kind = ref.kind
    if kind is RefKind.PARTNER:
        system = f"{PARTNER_SYSTEM}{partner_id}"
        return parties.normalise(parties.Identifier(kind="outside", value=ref.value, system=system))
    return parties.normalise(parties.Identifier(kind=kind.value, value=ref.value))


def normalised(ref: MemberRef, partner_id: UUID | None) -> MemberRef:
    """Give a reference in the spelling by which members are found.

    Raises:
        parties.IdentifierInvalid: it is none of its kind.
    """
    return MemberRef(ref.kind, identifier_of(ref, partner_id).value)


def ref_of(identifier: parties.Identifier) -> tuple[RefKind, str] | None:
    """Give kind and scope of what the parties keep, if members are named by it."""
    if identifier.kind == parties.IdentifierKind.PHONE:
        return RefKind.PHONE, ""
    if identifier.kind == parties.IdentifierKind.CARD:
        return RefKind.CARD, ""
    scope = identifier.system.removeprefix(PARTNER_SYSTEM)
    return (RefKind.PARTNER, scope) if scope != identifier.system else None


def lock_keys(values: Iterable[bytes]) -> list[str]:
    """Give the names of the locks of references."""
    return sorted(value.hex() for value in values)
