"""Bodies of the JSON API of clients."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.modules.accounts.oauth import model

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=model.NAME_CHARACTERS_MAX)]
Scopes = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=100)]],
    msgspec.Meta(min_length=1, max_length=model.SCOPES_MAX),
]
Networks = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=60)]],
    msgspec.Meta(max_length=model.NETWORKS_MAX),
]
PerMinute = Annotated[int, msgspec.Meta(ge=1, le=model.PER_MINUTE_MAX)]
_OVERLAP_HOURS_MAX = model.OVERLAP_MAX.days * 24


class NewClientBody(msgspec.Struct, forbid_unknown_fields=True):
    """A new client."""

    name: Name
    scopes: Scopes
    partner_id: UUID | None = None
    is_sandbox: bool = False
    spend_needs_key: bool = False
    networks: Networks = []
    requests_per_minute: PerMinute | None = None
    with_secret: bool = True


class ClientChangeBody(msgspec.Struct, forbid_unknown_fields=True):
    """Changes of a client; what is left out stays. A limit of null is the default."""

    name: Name | msgspec.UnsetType = msgspec.UNSET
    scopes: Scopes | msgspec.UnsetType = msgspec.UNSET
    networks: Networks | msgspec.UnsetType = msgspec.UNSET
    requests_per_minute: PerMinute | msgspec.UnsetType | None = msgspec.UNSET
    spend_needs_key: bool | msgspec.UnsetType = msgspec.UNSET


class RotationBody(msgspec.Struct, forbid_unknown_fields=True):
    """How long the old secrets work beside the new one."""

    overlap_hours: Annotated[int, msgspec.Meta(ge=0, le=_OVERLAP_HOURS_MAX)] = 168


class NewClientKeyBody(msgspec.Struct, forbid_unknown_fields=True):
    """A public key as JWK (RFC 7517): EC P-256, RSA of 2048 bits or more, or Ed25519."""

    jwk: dict[str, str | list[str]]


class SecretView(msgspec.Struct):
    """A secret, without the secret: `hint` is how it ends."""

    id: UUID
    hint: str
    created_at: datetime
    expires_at: datetime | None

    @classmethod
    def of(cls, secret: model.ClientSecret) -> "SecretView":
        """Show a secret."""
        return cls(secret.id, secret.hint, secret.created_at, secret.expires_at)


class ClientKeyView(msgspec.Struct):
    """A public key."""

    kid: str
    jwk: dict[str, str]
    created_at: datetime

    @classmethod
    def of(cls, key: model.ClientKey) -> "ClientKeyView":
        """Show a key."""
        return cls(key.kid, key.jwk, key.created_at)


class ClientView(msgspec.Struct):
    """A client, with the secrets and keys that are good."""

    id: UUID
    client_id: str
    name: str
    partner_id: UUID | None
    scopes: list[str]
    is_sandbox: bool
    spend_needs_key: bool
    networks: list[str]
    requests_per_minute: int | None
    created_at: datetime
    revoked_at: datetime | None
    used_at: datetime | None
    secrets: list[SecretView]
    keys: list[ClientKeyView]

    @classmethod
    def of(cls, client: model.Client) -> "ClientView":
        """Show a client."""
        return cls(
            id=client.id,
            client_id=client.public_id,
            name=client.name,
            partner_id=client.partner_id,
            scopes=list(client.scopes),
            is_sandbox=client.is_sandbox,
            spend_needs_key=client.spend_needs_key,
            networks=list(client.networks),
            requests_per_minute=client.requests_per_minute,
            created_at=client.created_at,
            revoked_at=client.revoked_at,
            used_at=client.used_at,
            secrets=[SecretView.of(one) for one in client.secrets],
            keys=[ClientKeyView.of(one) for one in client.keys],
        )


class NewClientView(msgspec.Struct):
    """A new client; `secret` is shown this once."""

    client: ClientView
    secret: str | None


class NewSecretView(msgspec.Struct):
    """A new secret, shown this once."""

    id: UUID
    secret: str
