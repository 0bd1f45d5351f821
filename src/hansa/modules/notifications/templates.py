"""Templates of what is told by itself: what we ship, and what staff made of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from hansa.kernel.errors import NotFound
from hansa.modules import accounts
from hansa.modules.notifications.model import Kind
from hansa.modules.notifications.store import templates as store
from hansa.modules.notifications.texts import Text, Texts, check_texts
from hansa.runtime.database import Snapshot, Transaction
from hansa.runtime.http import Actor

TEMPLATE_ID = UUID("5f0a8a52-9f0c-7c11-8d1b-0d6b8f4f0001")
"""Under this number changes of templates stand in the audit log."""


@dataclass(eq=False)
class NoSuchTemplate(NotFound):
    """Nothing is told under this name."""

    code: ClassVar[str] = "notifications.no_such_template"
    message: ClassVar[str] = "There is no such template."


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text with what may stand in it; `link` is where a tap leads."""

    code: str
    kind: Kind
    places: frozenset[str]
    texts: Texts
    link: str
    is_on: bool = True


def _shipped(
    code: str, kind: Kind, places: str, link: str, *, ru: tuple[str, str], en: tuple[str, str]
) -> Template:
    return Template(
        code=code,
        kind=kind,
        places=frozenset(places.split()),
        link=link,
        texts={
            "ru": Text(title=ru[0], body=ru[1]),
            "en": Text(title=en[0], body=en[1]),
        },
    )


_ALL = (
    _shipped(
        "points.earned", Kind.TRANSACTIONAL, "name points balance", "/loyalty/history",
        ru=("Баллы начислены", "{name}, вам начислено баллов: {points}."),
        en=("Points earned", "{name}, you have earned {points} points."),
    ),
    _shipped(
        "points.spent", Kind.TRANSACTIONAL, "name points balance", "/loyalty/history",
        ru=("Баллы списаны", "{name}, списано баллов: {points}."),
        en=("Points spent", "{name}, {points} points were spent."),
    ),
    _shipped(
        "percent.changed", Kind.TRANSACTIONAL, "name percent", "/loyalty/percent",
        ru=("Ваш кешбэк изменился", "{name}, теперь вам возвращается {percent} %."),
        en=("Your cashback has changed", "{name}, you now get {percent} % back."),
    ),
    _shipped(
        "task.completed", Kind.TRANSACTIONAL, "name", "/loyalty/offers",
        ru=("Задание выполнено", "{name}, задание выполнено. Посмотрите, что вы получили."),
        en=("Task completed", "{name}, the task is completed. See what you got."),
    ),
    _shipped(
        "points.expiring", Kind.EXPIRY, "name points balance", "/loyalty/history",
        ru=("Баллы скоро сгорят", "{name}, скоро сгорит баллов: {points}. Успейте потратить."),
        en=("Points expire soon", "{name}, {points} points expire soon. Time to spend them."),
    ),
)  # fmt: skip

SHIPPED: Mapping[str, Template] = {one.code: one for one in _ALL}


async def list_templates(snap: Snapshot) -> dict[str, Template]:
    """Give every template as it is sent, by its code."""
    changed = {row.code: row for row in await snap.all(store.LIST)}
    found: dict[str, Template] = {}
    for code, one in SHIPPED.items():
        row = changed.get(code)
        found[code] = one if row is None else _changed(one, row.texts, is_on=row.is_on)
    return found


async def save_template(
    tx: Transaction, *, code: str, texts: Texts, is_on: bool, by: Actor, now: datetime
) -> None:
    """Change a template. Audited.

    Raises:
        NoSuchTemplate: there is none.
        TextInvalid, PlaceUnknown: a text cannot be sent.
    """
    known = (await list_templates(tx)).get(code)
    if known is None:
        raise NoSuchTemplate
    check_texts(texts, places=known.places)
    plain = msgspec.to_builtins(texts)
    await tx.execute(
        store.SAVE,
        {"code": code, "texts": msgspec.json.encode(plain).decode(), "is_on": is_on, "now": now},
    )
    await accounts.record(
        tx,
        actor=by,
        action="notifications.template_changed",
        subject_kind="template",
        subject_id=TEMPLATE_ID,
        before={"texts": msgspec.to_builtins(known.texts), "is_on": known.is_on, "code": code},
        after={"texts": plain, "is_on": is_on, "code": code},
        now=now,
    )


def texts_of(stored: object) -> dict[str, Text]:
    """Read texts as they are kept."""
    return msgspec.convert(stored, dict[str, Text])


def _changed(shipped: Template, stored: object, *, is_on: bool) -> Template:
    return Template(
        code=shipped.code,
        kind=shipped.kind,
        places=shipped.places,
        link=shipped.link,
        texts=texts_of(stored),
        is_on=is_on,
    )
