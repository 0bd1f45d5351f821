"""What the JSON API shows of questions and cases."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

import msgspec

from hansa.modules.fulfilment.model import LineAnswer, Outcome, Question, QuestionLine
from hansa.modules.fulfilment.stories import CasePart, CaseStory, CaseSummary


class LineView(msgspec.Struct, frozen=True):
    """Pieces a shop is asked for; `kept` is how many of those found are needed from it."""

    line: int
    variant_id: UUID
    sku: str
    name: dict[str, str]
    quantity: Decimal
    is_open: bool
    kept: Decimal
    found: Decimal | None
    defective: Decimal | None
    missing: Decimal | None

    @classmethod
    def of(cls, line: QuestionLine) -> "LineView":
        """Show a line."""
        said = line.answer
        return cls(
            line=line.number,
            variant_id=line.variant_id,
            sku=line.sku,
            name=dict(line.name),
            quantity=line.quantity,
            is_open=line.is_open,
            kept=line.kept,
            found=said.found if said else None,
            defective=said.defective if said else None,
            missing=said.missing if said else None,
        )


class QuestionView(msgspec.Struct, frozen=True):
    """A question to a shop: open until `answer_by`, answered, expired or withdrawn."""

    id: UUID
    order_id: UUID
    order_number: str
    market: str
    warehouse_id: UUID
    warehouse_name: dict[str, str]
    state: str
    asked_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    answered_by: str | None
    lines: list[LineView]

    @classmethod
    def of(cls, question: Question) -> "QuestionView":
        """Show a question."""
        return cls(
            id=question.id,
            order_id=question.order_id,
            order_number=question.order_number,
            market=question.market,
            warehouse_id=question.warehouse_id,
            warehouse_name=dict(question.warehouse_name),
            state=str(question.state),
            asked_at=question.asked_at,
            answer_by=question.answer_by,
            answered_at=question.answered_at,
            answered_by=question.answered_by.name if question.answered_by else None,
            lines=[LineView.of(line) for line in question.lines],
        )


class AnswerLineBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was found of a line; the three sum to what was asked for."""

    line: Annotated[int, msgspec.Meta(ge=1, le=10_000)]
    found: Decimal = Decimal(0)
    defective: Decimal = Decimal(0)
    missing: Decimal = Decimal(0)


class AnswerBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer to some or all lines; `name` is who looked."""

    lines: Annotated[list[AnswerLineBody], msgspec.Meta(min_length=1, max_length=100)]
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""

    def answers(self) -> list[LineAnswer]:
        """Give the lines as values."""
        return [
            LineAnswer(line=one.line, found=one.found, defective=one.defective, missing=one.missing)
            for one in self.lines
        ]


class OutcomeView(msgspec.Struct, frozen=True):
    """What became of an answer.

    `kind` is taken, repeated, already_answered, late, withdrawn or not_a_member.
    """

    kind: str
    question: QuestionView

    @classmethod
    def of(cls, outcome: Outcome) -> "OutcomeView":
        """Show an outcome."""
        return cls(kind=str(outcome.kind), question=QuestionView.of(outcome.question))


class CaseRowView(msgspec.Struct, frozen=True):
    """The search for the goods of an order: asking, operator, confirmed or ended."""

    order_id: UUID
    order_number: str
    market: str
    state: str
    reason: str
    opened_at: datetime
    changed_at: datetime
    look_at: datetime | None
    hold_ends_at: datetime | None
    open_questions: int

    @classmethod
    def of(cls, case: CaseSummary) -> "CaseRowView":
        """Show a case as lists do."""
        return cls(
            order_id=case.order_id,
            order_number=case.order_number,
            market=case.market,
            state=str(case.state),
            reason=case.reason,
            opened_at=case.opened_at,
            changed_at=case.changed_at,
            look_at=case.look_at,
            hold_ends_at=case.hold_ends_at,
            open_questions=case.open_questions,
        )


class PartView(msgspec.Struct, frozen=True):
    """Pieces looked for in a warehouse; `quantity` of the `asked` stand for the order now."""

    variant_id: UUID
    warehouse_id: UUID
    state: str
    asked: Decimal
    quantity: Decimal
    question_id: UUID | None

    @classmethod
    def of(cls, part: CasePart) -> "PartView":
        """Show a part."""
        return cls(
            variant_id=part.variant_id,
            warehouse_id=part.warehouse_id,
            state=str(part.state),
            asked=part.asked,
            quantity=part.quantity,
            question_id=part.question_id,
        )


class VerdictView(msgspec.Struct, frozen=True):
    """What a rule thought of a warehouse for an item, when it was decided."""

    decided_at: datetime
    rule: str
    warehouse_id: UUID
    variant_id: UUID
    reason: str
    quantity: Decimal


class CaseView(msgspec.Struct, frozen=True):
    """A case whole; verdicts of the newest decision first."""

    case: CaseRowView
    parts: list[PartView]
    questions: list[QuestionView]
    verdicts: list[VerdictView]

    @classmethod
    def of(cls, story: CaseStory) -> "CaseView":
        """Show a case."""
        return cls(
            case=CaseRowView.of(story.case),
            parts=[PartView.of(part) for part in story.parts],
            questions=[QuestionView.of(question) for question in story.questions],
            verdicts=[
                VerdictView(
                    decided_at=decision.decided_at,
                    rule=one.rule,
                    warehouse_id=one.warehouse_id,
                    variant_id=one.variant_id,
                    reason=one.reason.name.lower(),
                    quantity=one.quantity,
                )
                for decision in story.decisions
                for one in decision.judged
            ],
        )
