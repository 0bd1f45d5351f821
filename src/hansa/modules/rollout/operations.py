"""Changing for whom features are on. Every change is a version, kept for ever, and audited."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hansa.modules import accounts
from hansa.modules.rollout import queries, store
from hansa.modules.rollout.model import (
    FeatureChanged,
    NoSuchAudience,
    NoSuchFeature,
    Rules,
    Setting,
    check_rules,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor


async def save_rules(
    tx: Transaction,
    *,
    feature: str,
    rules: Rules,
    version: int | None = None,
    known: Collection[str],
    by: Actor | None,
    now: datetime,
) -> Setting:
    """Say for whom a feature is on; other processes know within two seconds. Audited.

    `known` are the features that modules declare; `version` is the one the change was made of.
    The same rules again change nothing.

    Raises:
        NoSuchFeature: no module declares it.
        RulesInvalid, TooManyPeople, NoSuchAudience: as their names say.
        FeatureChanged: it is at another version than `version`.
    """
    before = await _lock(tx, feature, known)
    if version is not None and version != before.version:
        raise FeatureChanged(before.version)
    return await _change(tx, before, rules, by=by, now=now)


async def set_killed(
    tx: Transaction,
    *,
    feature: str,
    is_killed: bool,
    known: Collection[str],
    by: Actor | None,
    now: datetime,
) -> Setting:
    """Take a feature away from everybody, or give it back to those its rules choose. Audited.

    Raises:
        NoSuchFeature: no module declares it.
    """
    before = await _lock(tx, feature, known)
    return await _change(tx, before, replace(before.rules, is_killed=is_killed), by=by, now=now)


async def restore_version(
    tx: Transaction,
    *,
    feature: str,
    version: int,
    known: Collection[str],
    by: Actor | None,
    now: datetime,
) -> Setting:
    """Put the rules back as they were at a version; that is a new version itself. Audited.

    Raises:
        NoSuchFeature, NoSuchVersion: as their names say.
        NoSuchAudience: one the rules ask for is gone.
    """
    before = await _lock(tx, feature, known)
    past = await queries.get_version(tx, feature=feature, version=version)
    return await _change(tx, before, past.rules, restored=version, by=by, now=now)


async def _lock(tx: Transaction, feature: str, known: Collection[str]) -> Setting:
    if feature not in known:
        raise NoSuchFeature(feature)
    row = await tx.maybe(store.LOCK_FEATURE, {"code": feature})
    return Setting(code=feature) if row is None else queries.setting_of(row)


async def _change(
    tx: Transaction,
    before: Setting,
    rules: Rules,
    *,
    restored: int | None = None,
    by: Actor | None,
    now: datetime,
) -> Setting:
    rules = _tidy(rules)
    check_rules(rules)
    if rules == before.rules:
        return before
    await _check_audiences(tx, rules)
    after = Setting(code=before.code, version=before.version + 1, rules=rules, changed_at=now)
    columns = {
        "code": after.code,
        "version": after.version,
        "rules": msgspec.json.encode(rules).decode(),
        "now": now,
    }
    saved = await tx.execute(
        store.ADD_FEATURE if before.version == 0 else store.SAVE_FEATURE, columns
    )
    if not saved:  # two made the first change at once
        raise FeatureChanged(1)
    await tx.execute(
        store.ADD_VERSION,
        columns
        | {
            "restored_version": restored,
            "actor_id": by.id if by else None,
            "actor_name": by.name if by else "",
        },
    )
    changed = changes(before.rules, rules)
    await accounts.record(
        tx,
        actor=by,
        action="rollout.change_feature" if restored is None else "rollout.restore_feature",
        subject_kind="rollout_feature",
        subject_id=after.code,
        before={name: one for name, (one, _) in changed.items()},
        after={name: one for name, (_, one) in changed.items()},
        now=now,
    )
    return after


async def _check_audiences(tx: Transaction, rules: Rules) -> None:
    """Hold the audiences the rules ask for: nobody removes one meanwhile."""
    if not rules.audience_ids:
        return
    await tx.execute(store.LOCK_AUDIENCES)
    found = await queries.find_audiences(tx, ids=rules.audience_ids)
    missing = set(rules.audience_ids) - {UUID(bytes=one.id.bytes) for one in found}
    if missing:
        raise NoSuchAudience(str(min(missing)))


def changes(before: Rules, after: Rules) -> dict[str, tuple[Any, Any]]:
    """Give what differs between two rules, by field, as plain values."""
    old, new = msgspec.to_builtins(before), msgspec.to_builtins(after)
    return {name: (old[name], new[name]) for name in new if old[name] != new[name]}


def _tidy(rules: Rules) -> Rules:
    """Put lists in one order and without repetitions, so that the same rules are equal."""
    return replace(
        rules,
        allowed=tuple(sorted(set(rules.allowed))),
        markets=tuple(sorted(set(rules.markets))),
        audience_ids=tuple(dict.fromkeys(rules.audience_ids)),
        market_parts=dict(sorted(rules.market_parts.items())),
    )
