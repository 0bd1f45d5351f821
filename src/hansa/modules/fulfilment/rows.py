"""Rows of the tables as values, and back."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from hansa.kernel.text import Localised
from hansa.modules.fulfilment.model import (
    Answerer,
    LineAnswer,
    Opening,
    PartState,
    Policy,
    Question,
    QuestionLine,
    QuestionState,
    Shop,
    ShopChannel,
)
from hansa.runtime.database import Row


def policy_of(market: str, body: Mapping[str, Any] | None) -> Policy:
    """Give the policy of a market; what is not set is as by default."""
    return msgspec.convert({**(body or {}), "market": market}, Policy)


def text_of(value: object) -> str:
    """Write a value as JSON text."""
    return msgspec.json.encode(value, order="deterministic").decode()


def shop_of(row: Row) -> Shop:
    """Give the shop of a row."""
    return Shop(
        warehouse_id=row.warehouse_id,
        channel=ShopChannel(row.channel),
        address=row.address,
        time_zone=row.time_zone,
        language=row.language,
        hours={
            int(day): tuple(Opening(*opening) for opening in openings)
            for day, openings in row.hours.items()
        },
        members=tuple(row.members),
        groups=tuple(row.groups),
        is_paused_until=row.paused_until,
    )


def shop_row(shop: Shop, *, now: datetime) -> dict[str, Any]:
    """Give the parameters that write a shop."""
    return {
        "warehouse_id": shop.warehouse_id,
        "channel": shop.channel,
        "address": shop.address,
        "time_zone": shop.time_zone,
        "language": shop.language,
        "hours": text_of({str(day): openings for day, openings in shop.hours.items()}),
        "members": list(shop.members),
        "groups": list(shop.groups),
        "paused_until": shop.is_paused_until,
        "now": now,
    }


def answerer_of(value: Mapping[str, Any] | None) -> Answerer | None:
    """Give who answered, if anybody did."""
    return None if value is None else msgspec.convert(value, Answerer)


def line_of(row: Row) -> QuestionLine:
    """Give a line of a question from its part."""
    answer = None
    if row.answered_at is not None:
        answer = LineAnswer(
            line=row.number, found=row.found, defective=row.defective, missing=row.missing
        )
    return QuestionLine(
        number=row.number,
        variant_id=row.variant_id,
        sku=row.item.get("sku", ""),
        name=row.item.get("name", {}),
        options=row.item.get("options", {}),
        quantity=row.asked,
        image=row.item.get("image"),
        answer=answer,
        answered_by=answerer_of(row.answered_by),
        is_open=row.state in {PartState.PROPOSED, PartState.ASKED},
        kept=row.quantity if row.state == PartState.CONFIRMED else row.asked * 0,
    )


def question_of(row: Row, parts: Sequence[Row], names: Mapping[UUID, Localised]) -> Question:
    """Give a question with the lines of its parts."""
    return Question(
        id=row.id,
        order_id=row.order_id,
        order_number=row.order_number,
        market=row.market,
        warehouse_id=row.warehouse_id,
        warehouse_name=names.get(row.warehouse_id, {}),
        lines=tuple(line_of(part) for part in parts),
        state=QuestionState(row.state),
        asked_at=row.asked_at,
        answer_by=row.answer_by,
        answered_at=row.answered_at,
        answered_by=answerer_of(row.answered_by),
        ended_because=row.ended_because,
    )
