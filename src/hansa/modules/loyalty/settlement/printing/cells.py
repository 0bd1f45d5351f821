"""The lines of a statement as cells of a table, the same in every kind of file."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from hansa.modules.loyalty.programmes import Coalition
from hansa.modules.loyalty.settlement.printing.papers import (
    WHAT_WORDS,
    Paper,
    Translate,
    major,
    partner_name,
)
from hansa.modules.loyalty.settlement.queries import StatementLine

TITLES = (
    "Recorded",
    "Happened",
    "Key",
    "Document",
    "Member",
    "What",
    "Issuer",
    "Partner",
    "Points",
    "Price",
    "Money, exact",
    "Late",
)
Cell = str | int | Decimal | datetime


class Cells:
    """Makes rows in the language of a statement; moments are those of the programme's clock."""

    def __init__(
        self, paper: Paper, *, coalition: Coalition, currency: str, translate: Translate
    ) -> None:
        self.titles = tuple(translate(title) for title in TITLES)
        self._zone = ZoneInfo(paper.zone)
        self._currency = currency
        self._late = translate("yes")
        own = translate("the programme")
        self._names = {
            one.number: partner_name(coalition, one.number, paper.language, own)
            for one in coalition.partners.values()
        } | {0: own}
        self._words = {what: translate(word) for what, word in WHAT_WORDS.items()}

    def row(self, one: StatementLine) -> tuple[Cell, ...]:
        """Give the cells of a line, in the order of the titles."""
        return (
            self._local(one.recorded_at),
            self._local(one.effective_at),
            one.key,
            one.reference,
            one.member,
            self._words[one.what],
            self._names.get(one.issuer, str(one.issuer)),
            self._names.get(one.partner, str(one.partner)),
            one.points,
            major(one.price, self._currency),
            major(one.value, self._currency),
            self._late if one.is_late else "",
        )

    def _local(self, instant: datetime) -> datetime:
        # A sheet knows no zones: it shows the programme's wall clock.
        return instant.astimezone(self._zone).replace(tzinfo=None)
