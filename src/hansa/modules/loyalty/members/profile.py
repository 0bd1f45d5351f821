"""What a member says about how to be spoken to."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID
from zoneinfo import available_timezones

from hansa.kernel.errors import Invalid
from hansa.modules.loyalty.members import reading
from hansa.modules.loyalty.members.store import membership as store
from hansa.runtime.database import Transaction

LANGUAGE_CHARACTERS_MAX = 8


@dataclass(eq=False)
class SettingInvalid(Invalid):
    """A language or a time zone that is none."""

    code: ClassVar[str] = "loyalty.setting_invalid"
    message: ClassVar[str] = "This is not right: {field}."

    field: str


async def save_settings(
    tx: Transaction, *, member_id: UUID, language: str, time_zone: str, now: datetime
) -> None:
    """Keep the language to write in, and the time zone whose nights are left alone.

    Raises:
        MemberNotFound: there is none.
        SettingInvalid: a language or time zone is none.
    """
    if not language.isalpha() or len(language) > LANGUAGE_CHARACTERS_MAX:
        raise SettingInvalid("language")
    if time_zone not in available_timezones():
        raise SettingInvalid("time_zone")
    member_id = await reading.standing(tx, member_id)
    columns = {"language": language, "time_zone": time_zone, "member_id": member_id, "now": now}
    bucket = reading.columns_of([member_id])["buckets"][0]
    await tx.execute(store.SAVE_SETTINGS, {**columns, "bucket": bucket})
