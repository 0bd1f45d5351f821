"""Reads of features, their history and audiences."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from hansa.modules.rollout import store
from hansa.modules.rollout.model import (
    Audience,
    NoSuchAudience,
    NoSuchVersion,
    Rules,
    Setting,
    Version,
)
from hansa.runtime.database import Row, Snapshot


async def list_settings(snap: Snapshot) -> dict[str, Setting]:
    """Give every feature that was ever touched, by its code."""
    return {row.code: setting_of(row) for row in await snap.all(store.LIST_FEATURES)}


async def get_setting(snap: Snapshot, *, feature: str) -> Setting:
    """Give a feature's rules; one nobody has touched is off."""
    row = await snap.maybe(store.GET_FEATURE, {"code": feature})
    return Setting(code=feature) if row is None else setting_of(row)


async def list_versions(
    snap: Snapshot, *, feature: str, before: int | None = None, limit: int = 50
) -> tuple[Version, ...]:
    """Give how a feature's rules once were, the latest first."""
    rows = await snap.all(store.LIST_VERSIONS, {"code": feature, "before": before, "limit": limit})
    return tuple(_version(row) for row in rows)


async def get_version(snap: Snapshot, *, feature: str, version: int) -> Version:
    """Give a feature's rules as they once were.

    Raises:
        NoSuchVersion: it never had this version.
    """
    row = await snap.maybe(store.GET_VERSION, {"code": feature, "version": version})
    if row is None:
        raise NoSuchVersion(version)
    return _version(row)


async def list_audiences(
    snap: Snapshot, *, after: str | None = None, limit: int = 50
) -> tuple[Audience, ...]:
    """Give audiences by code; `after` is the code of the last one seen."""
    rows = await snap.all(store.LIST_AUDIENCES, {"after": after, "limit": limit})
    return tuple(Audience(**row._asdict()) for row in rows)


async def find_audiences(
    snap: Snapshot, *, ids: Sequence[UUID] = (), codes: Sequence[str] = ()
) -> tuple[Audience, ...]:
    """Give some audiences; those that do not exist are left out."""
    rows = await snap.all(store.FIND_AUDIENCES, {"ids": list(ids), "codes": list(codes)})
    return tuple(Audience(**row._asdict()) for row in rows)


async def get_audience(snap: Snapshot, *, audience_id: UUID) -> Audience:
    """Give an audience.

    Raises:
        NoSuchAudience: there is none.
    """
    row = await snap.maybe(store.GET_AUDIENCE, {"id": audience_id})
    if row is None:
        raise NoSuchAudience(str(audience_id))
    return Audience(**row._asdict())


async def list_members(
    snap: Snapshot, *, audience_id: UUID, after: UUID | None = None, limit: int = 50
) -> tuple[tuple[UUID, datetime], ...]:
    """Give who is in an audience and since when, by number."""
    rows = await snap.all(store.LIST_MEMBERS, {"id": audience_id, "after": after, "limit": limit})
    return tuple((row.subject_id, row.added_at) for row in rows)


async def find_members(
    snap: Snapshot, *, audience_id: UUID, subject_ids: Sequence[UUID]
) -> tuple[tuple[UUID, datetime], ...]:
    """Give which of these are in an audience."""
    rows = await snap.all(store.FIND_MEMBERS, {"id": audience_id, "subject_ids": list(subject_ids)})
    return tuple((row.subject_id, row.added_at) for row in rows)


async def features_using(snap: Snapshot, *, audience_id: UUID) -> tuple[str, ...]:
    """Give the features that ask for an audience."""
    rows = await snap.all(store.FEATURES_USING, {"id": audience_id})
    return tuple(row.code for row in rows)


def setting_of(row: Row) -> Setting:
    """Make a feature of its row."""
    return Setting(
        code=row.code,
        version=row.version,
        rules=msgspec.convert(row.rules, Rules),
        changed_at=row.changed_at,
    )


def _version(row: Row) -> Version:
    return Version(**{**row._asdict(), "rules": msgspec.convert(row.rules, Rules)})
