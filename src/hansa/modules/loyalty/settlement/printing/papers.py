"""What is printed on a statement, in words of its reader's language."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

import msgspec

from hansa.kernel.money import Money, exponent
from hansa.kernel.text import pick
from hansa.modules.loyalty.programmes import Coalition
from hansa.modules.loyalty.settlement.folding import What
from hansa.modules.loyalty.settlement.model import (
    Closing,
    LineKind,
    MoneyLine,
    PointsMoved,
    Statement,
)
from hansa.runtime.html.formats import format_day, format_money, format_number

Translate = Callable[[str], str]
_MOMENT = timedelta(microseconds=1)

LINE_WORDS = {
    LineKind.ISSUED: "Points given",
    LineKind.COVERED: "Of these, from blocks bought before",
    LineKind.SPENT_OF_OWN: "Points of yours spent",
    LineKind.REDEEMED: "Points taken instead of money",
}
WHAT_WORDS = {
    What.ISSUED: "given",
    What.TAKEN_BACK: "taken back",
    What.SPENT: "spent",
    What.EXPIRED: "expired",
    What.CORRECTED: "corrected",
    What.FORFEITED: "given up",
    What.MOVED: "moved between issuers",
    What.MERGED: "moved with a merged member",
    What.WRITTEN_OFF: "written off",
}
POINT_WORDS = (
    ("opening", "Out at the begin"),
    ("issued", "Given"),
    ("taken_back", "Taken back"),
    ("spent", "Spent, less restored"),
    ("expired", "Expired"),
    ("given_up", "Given up by members who left"),
    ("corrected", "Corrected by hand"),
    ("moved", "Moved between issuers"),
    ("closing", "Out at the end"),
    ("written_off", "Written off"),
    ("issued_late", "Given earlier, known now"),
    ("spent_late", "Spent earlier, known now"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """A statement in words: rows are ready to be printed."""

    language: str
    title: str
    programme: str
    partner: str
    period: str
    zone: str
    points: tuple[tuple[str, int], ...]
    money: tuple[tuple[str, str, str, str], ...]
    totals: tuple[tuple[str, str], ...]
    proofs: tuple[tuple[str, str], ...]
    is_draft: bool


def paper_of(
    *,
    statement: Statement,
    closing: Closing | None,
    coalition: Coalition,
    language: str,
    translate: Translate,
) -> Paper:
    """Put a statement into words."""
    programme = coalition.programmes[statement.programme_id]
    partner = coalition.partners[statement.partner_id]
    zone = closing.time_zone if closing else programme.time_zone
    content = statement.content

    def money(minor: int) -> str:
        return format_money(Money(minor, statement.currency), language)

    due = statement.due_minor
    totals = [
        (
            translate("The partner pays") if due >= 0 else translate("The partner gets"),
            money(abs(due)),
        ),
        (translate("Due on"), format_day(statement.due_on, language)),
    ]
    if content.vat_percent is not None:
        percent = format_number(content.vat_percent, language)
        totals.insert(
            1, (f"{translate('VAT in what is charged')} ({percent} %)", money(content.vat_minor))
        )
    if content.converted_minor:
        totals.append((translate("Credited at once"), money(content.converted_minor)))
    if content.uncovered is not msgspec.UNSET:
        totals += [
            (translate(word), money(minor))
            for word, minor in (
                ("Beside it, not covered: borne by the partner", content.uncovered.partner_minor),
                (
                    "Beside it, not covered: borne by the programme",
                    content.uncovered.programme_minor,
                ),
            )
            if minor
        ]
    return Paper(
        language=language,
        title=translate("Statement of points") if closing else translate("Draft of a statement"),
        programme=pick(programme.name, language),
        partner=pick(partner.name, language),
        period=f"{format_day(statement.begins_at, language, zone)} — "
        f"{format_day(statement.ends_at - _MOMENT, language, zone)}",
        zone=zone,
        points=points_rows(content.points, translate),
        money=tuple(
            [
                _money_row(one, statement.currency, coalition, language, translate)
                for one in content.lines
            ]
        ),
        totals=tuple(totals),
        proofs=_proofs(statement, closing, translate),
        is_draft=closing is None,
    )


def points_rows(points: PointsMoved, translate: Translate) -> tuple[tuple[str, int], ...]:
    """Give the movement of points in words."""
    return tuple([(translate(word), getattr(points, name)) for name, word in POINT_WORDS])


def partner_name(coalition: Coalition, number: int | None, language: str, own: str) -> str:
    """Give the name of a partner by its number; 0 is the programme."""
    if number is None:
        return ""
    found = (one for one in coalition.partners.values() if one.number == number)
    partner = next(found, None)
    return pick(partner.name, language) if partner else own


def major(minor: Decimal | int, currency: str) -> Decimal:
    """Give minor units in major ones, exactly."""
    return Decimal(minor).scaleb(-exponent(currency))


def _money_row(
    line: MoneyLine, currency: str, coalition: Coalition, language: str, translate: Translate
) -> tuple[str, str, str, str]:
    word = translate(LINE_WORDS[line.kind])
    other = partner_name(coalition, line.partner, language, translate("the programme"))
    return (
        f"{word}: {other}" if other else word,
        format_number(line.points, language),
        "" if line.price is None else format_number(major(line.price, currency), language),
        format_money(Money(line.amount_minor, currency), language),
    )


def _proofs(
    statement: Statement, closing: Closing | None, translate: Translate
) -> tuple[tuple[str, str], ...]:
    if closing is None:
        return ()
    return (
        (translate("Digest of this statement"), statement.digest.hex()),
        (translate("Chain of the ledger"), closing.chain.hex()),
        (translate("Digest of the books"), closing.ledger_digest.hex()),
    )
