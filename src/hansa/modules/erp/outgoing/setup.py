"""Settings of a connection's queue: where messages go, how we sign in, which contracts hold."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit
from uuid import UUID

from hansa.modules import accounts
from hansa.modules.erp.outgoing import model, store
from hansa.modules.erp.outgoing.model import (
    Contract,
    NoOutgoing,
    Outgoing,
    OutgoingInvalid,
    SignIn,
    Transport,
)
from hansa.modules.erp.outgoing.queue import list_outgoings
from hansa.runtime.database import Snapshot, Transaction

BATCH_MAX, CONCURRENCY_MAX, ANSWER_SECONDS_MAX, REFUSALS_MAX = 500, 32, 300, 100


async def find_outgoing(snap: Snapshot, *, connection_id: UUID) -> Outgoing | None:
    """Give how messages leave for a connection, if they do."""
    for one in await list_outgoings(snap):
        if one.connection_id == connection_id:
            return one
    return None


async def save_outgoing(
    tx: Transaction, *, outgoing: Outgoing, key: bytes, secret: str | None = None
) -> None:
    """Set up a queue or change it. A new `secret` is kept encrypted with `key`; None keeps it.

    Without contracts, version 1 holds from the start.

    Raises:
        OutgoingInvalid: a setting is no such thing.
    """
    contracts = outgoing.contracts or (Contract(version=1, starts_at=outgoing.starts_at),)
    _check(outgoing, contracts)
    sealed = outgoing.secret if secret is None else accounts.seal(key, secret.encode())
    await tx.execute(
        store.SAVE_OUTGOING,
        {
            "connection_id": outgoing.connection_id,
            "transport": outgoing.transport,
            "address": outgoing.address.rstrip("/"),
            "sign_in": outgoing.sign_in,
            "user_name": outgoing.user_name,
            "secret": sealed,
            "kinds": [str(kind) for kind in outgoing.kinds],
            "starts_at": outgoing.starts_at,
            "batch_size": outgoing.batch_size,
            "concurrency": outgoing.concurrency,
            "answer_seconds": outgoing.answer_seconds,
            "refusals_max": outgoing.refusals_max,
            "pause_seconds": outgoing.pause_seconds,
            "pause_seconds_max": outgoing.pause_seconds_max,
            "is_active": outgoing.is_active,
        },
    )
    await tx.execute(store.OPEN_HEALTH, {"connection_id": outgoing.connection_id})
    await save_contracts(tx, connection_id=outgoing.connection_id, contracts=contracts)


async def save_contracts(
    tx: Transaction, *, connection_id: UUID, contracts: Sequence[Contract]
) -> None:
    """Say which contract versions a connection takes, and when.

    Raises:
        OutgoingInvalid: a period or version makes no sense.
    """
    model.check_contracts(contracts)
    await tx.execute(store.REMOVE_CONTRACTS, {"connection_id": connection_id})
    for one in contracts:
        await tx.execute(
            store.ADD_CONTRACT,
            {
                "connection_id": connection_id,
                "version": one.version,
                "starts_at": one.starts_at,
                "ends_at": one.ends_at,
            },
        )
    await tx.all(store.RING_OF_SETTINGS)


async def switch_contract(
    tx: Transaction, *, connection_id: UUID, to: int, at: datetime
) -> tuple[Contract, ...]:
    """Have a connection take one version alone from an instant on.

    Raises:
        NoOutgoing: nothing leaves by this connection.
        OutgoingInvalid: there is no such version.
    """
    outgoing = await find_outgoing(tx, connection_id=connection_id)
    if outgoing is None:
        raise NoOutgoing
    contracts = model.switched(outgoing.contracts, to=to, at=at)
    await save_contracts(tx, connection_id=connection_id, contracts=contracts)
    return contracts


def secret_of(outgoing: Outgoing, *, key: bytes) -> str:
    """Read a kept secret.

    Raises:
        ValueError: it was sealed with another key.
    """
    return "" if outgoing.secret is None else accounts.unseal(key, outgoing.secret).decode()


def _check(outgoing: Outgoing, contracts: Sequence[Contract]) -> None:
    model.check_contracts(contracts)
    if outgoing.transport is Transport.HTTP:
        parts = urlsplit(outgoing.address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise OutgoingInvalid("address", "it must begin with http:// or https://")
        if parts.username or parts.password:
            raise OutgoingInvalid("address", "a user name and a password have fields of their own")
    if outgoing.sign_in is SignIn.BASIC and not outgoing.user_name:
        raise OutgoingInvalid("user_name", "it is missing")
    bounds = {
        "batch_size": (outgoing.batch_size, BATCH_MAX),
        "concurrency": (outgoing.concurrency, CONCURRENCY_MAX),
        "answer_seconds": (outgoing.answer_seconds, ANSWER_SECONDS_MAX),
        "refusals_max": (outgoing.refusals_max, REFUSALS_MAX),
    }
    for name, (value, limit) in bounds.items():
        if not 1 <= value <= limit:
            raise OutgoingInvalid(name, f"it must be between 1 and {limit}")
    if not 0 < outgoing.pause_seconds <= outgoing.pause_seconds_max:
        raise OutgoingInvalid("pause_seconds", "it must be above zero and below the longest pause")


def without_secret(outgoing: Outgoing) -> Outgoing:
    """Give the settings as they may be shown."""
    return replace(outgoing, secret=None)
