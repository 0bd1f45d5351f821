"""Opening and changing programmes, partners and the terms between them."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID
from zoneinfo import available_timezones

from psycopg.errors import ForeignKeyViolation, UniqueViolation

from hansa.contracts.loyalty import CoalitionChanged
from hansa.kernel.errors import Conflict, Invalid, NotFound
from hansa.modules import accounts
from hansa.modules.loyalty.programmes import store
from hansa.modules.loyalty.programmes.model import (
    PARTNER_NUMBER_MAX,
    PROGRAMME_NUMBER_MAX,
    SHARE_WHOLE,
    Participation,
    Partner,
    Programme,
)
from hansa.runtime.database import Transaction
from hansa.runtime.http import Actor

_CODE = re.compile(r"[a-z][a-z0-9-]{1,30}")
_CURRENCY = re.compile(r"[A-Z]{3}")
DAYS_MAX = 366


@dataclass(eq=False)
class TermsInvalid(Invalid):
    """A field of a programme, partner or agreement is no such thing; `field` says which."""

    code: ClassVar[str] = "loyalty.terms_invalid"
    message: ClassVar[str] = "This cannot be saved: {field} is not right."

    field: str


@dataclass(eq=False)
class CodeTaken(Conflict):
    """Another programme or partner has this number or code."""

    code: ClassVar[str] = "loyalty.code_taken"
    message: ClassVar[str] = "Another one has this number or code: choose a free one."


@dataclass(eq=False)
class NoSuchProgramme(NotFound):
    """There is no such programme, or no such partner, or the partner takes no part in it."""

    code: ClassVar[str] = "loyalty.no_such_programme"
    message: ClassVar[str] = "There is no such programme, or this partner takes no part in it."


async def save_programme(
    tx: Transaction, *, programme: Programme, by: Actor | None, now: datetime
) -> None:
    """Open a programme or change it; number, code, currency and worth of a point stay.

    Raises:
        TermsInvalid, CodeTaken: as their names say.
    """
    check_programme(programme)
    columns = {
        **asdict(programme),
        "name": _written(programme.name),
        "unit": _written(programme.unit),
        "now": now,
    }
    await _save(tx, store.SAVE_PROGRAMME, columns)
    await _tell(tx, "programme", programme.id, by=by, after=columns, now=now)


async def save_partner(
    tx: Transaction, *, partner: Partner, by: Actor | None, now: datetime
) -> None:
    """Take a partner in or change what is said of it; number and code stay.

    Raises:
        TermsInvalid, CodeTaken: as their names say.
    """
    _require("code", _CODE.fullmatch(partner.code) is not None)
    _require("number", 0 < partner.number <= PARTNER_NUMBER_MAX)
    _require("name", any(partner.name.values()))
    _require("site", not partner.site or partner.site.startswith("https://"))
    columns = {
        **asdict(partner),
        "name": _written(partner.name),
        "about": _written(partner.about),
        "now": now,
    }
    await _save(tx, store.SAVE_PARTNER, columns)
    await _tell(tx, "partner", partner.id, by=by, after=columns, now=now)


async def save_participation(
    tx: Transaction, *, participation: Participation, by: Actor | None, now: datetime
) -> None:
    """Let a partner take part in a programme, or change its terms; they hold for what comes after.

    Raises:
        TermsInvalid, NoSuchProgramme: as their names say.
    """
    _require("issue_price", participation.issue_price >= 0)
    _require("redeem_price", participation.redeem_price >= 0)
    _require("percent", participation.percent is None or 0 <= participation.percent <= SHARE_WHOLE)
    _require("share_max", 0 <= participation.share_max <= SHARE_WHOLE)
    days = participation.pending_days
    _require("pending_days", days is None or 0 <= days <= DAYS_MAX)
    columns = {**asdict(participation), "now": now}
    await _save(tx, store.SAVE_PARTICIPATION, columns)
    await tx.execute(store.ADD_TERMS_VERSION, columns)
    await _tell(tx, "participation", participation.partner_id, by=by, after=columns, now=now)


async def _save(tx: Transaction, statement: str, columns: Mapping[str, object]) -> None:
    try:
        await tx.execute(statement, columns)
    except UniqueViolation as error:
        raise CodeTaken from error
    except ForeignKeyViolation as error:
        raise NoSuchProgramme from error


def check_programme(programme: Programme) -> None:
    """Check the fields of a programme.

    Raises:
        TermsInvalid: one is no such thing.
    """
    _require("code", _CODE.fullmatch(programme.code) is not None)
    _require("number", 0 < programme.number <= PROGRAMME_NUMBER_MAX)
    _require("name", any(programme.name.values()))
    _require("currency", _CURRENCY.fullmatch(programme.currency) is not None)
    _require("point_minor", programme.point_minor > 0)
    _require("percent", 0 <= programme.percent <= programme.percent_max)
    _require("percent_max", programme.percent_max <= SHARE_WHOLE)
    _require("lifetime_months", programme.lifetime_months is None or programme.lifetime_months > 0)
    _require("pending_days", 0 <= programme.pending_days <= DAYS_MAX)
    _require("time_zone", programme.time_zone in available_timezones())


def _require(field: str, is_right: bool) -> None:  # noqa: FBT001 - reads as a sentence
    if not is_right:
        raise TermsInvalid(field)


def _written(texts: Mapping[str, str]) -> str:
    return json.dumps(dict(texts), ensure_ascii=False)


async def _tell(
    tx: Transaction,
    what: str,
    subject_id: UUID,
    *,
    by: Actor | None,
    after: Mapping[str, object],
    now: datetime,
) -> None:
    await accounts.record(
        tx,
        actor=by,
        action=f"loyalty.save_{what}",
        subject_kind=f"loyalty_{what}",
        subject_id=subject_id,
        after={name: value for name, value in after.items() if name != "now"},
        now=now,
    )
    await tx.publish(CoalitionChanged(what=what, id=subject_id))
