"""Buttons under a question, and the tokens by which a press is recognised."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from hansa.modules.fulfilment.model import LineAnswer, Question, QuestionLine, QuestionState

TOKEN_BYTES_MAX = 64
NUMBERS_MAX = 12
EVERY_LINE = 0
_TOKEN = re.compile(r"a\.([A-Za-z0-9_-]{22})\.(\d{1,4})\.([ydn]|s\d{1,5})")


class Verb(StrEnum):
    """What a shop says with a button."""

    YES = "y"
    SOME = "s"
    DEFECTIVE = "d"
    MISSING = "n"


class Press(NamedTuple):
    """A button: `line` is 0 for all lines, `found` counts only with `SOME`."""

    question_id: UUID
    line: int
    verb: Verb
    found: int = 0

    @property
    def token(self) -> str:
        """Write it in at most 64 bytes."""
        name = urlsafe_b64encode(self.question_id.bytes).rstrip(b"=").decode()
        amount = str(self.found) if self.verb is Verb.SOME else ""
        return f"a.{name}.{self.line}.{self.verb}{amount}"


def read_token(token: str) -> Press | None:
    """Read what a button carries; nothing if it is none of ours."""
    found = _TOKEN.fullmatch(token)
    if found is None:
        return None
    name, line, verb = found.groups()
    return Press(
        UUID(bytes=urlsafe_b64decode(f"{name}==")),
        int(line),
        Verb(verb[0]),
        int(verb[1:] or 0),
    )


def is_asked(question: Question, line: QuestionLine) -> bool:
    """Say whether an answer about the line is still wanted."""
    return question.state is QuestionState.OPEN and line.is_open and line.answer is None


def asked_lines(question: Question) -> list[QuestionLine]:
    """Give the lines an answer is still wanted about."""
    return [line for line in question.lines if is_asked(question, line)]


def choices_of(question: Question, line: QuestionLine) -> list[Press]:
    """Give the buttons of a line, "yes" first; none if no answer is wanted any more.

    Of more than a dozen pieces the page tells exactly how many were found.
    """
    if not is_asked(question, line):
        return []
    some: Sequence[int] = ()
    if line.quantity == line.quantity.to_integral_value():
        whole = int(line.quantity)
        some = range(whole - 1, max(0, whole - 1 - NUMBERS_MAX), -1)
    return [
        Press(question.id, line.number, Verb.YES),
        *(Press(question.id, line.number, Verb.SOME, found) for found in some),
        Press(question.id, line.number, Verb.DEFECTIVE),
        Press(question.id, line.number, Verb.MISSING),
    ]


def answers_of(press: Press, question: Question) -> list[LineAnswer]:
    """Say what a press means; nothing if the button fits no line of the question.

    "Everything is here" speaks of the lines that are still asked; without any it speaks of all, and
    whoever takes the answer says that it comes too late.
    """
    if press.line == EVERY_LINE:
        if press.verb is not Verb.YES:
            return []
        lines = asked_lines(question) or question.lines
        return [LineAnswer(line=line.number, found=line.quantity) for line in lines]
    for line in question.lines:
        if line.number == press.line:
            answer = _answer_of(press, line)
            return [] if answer is None else [answer]
    return []


def _answer_of(press: Press, line: QuestionLine) -> LineAnswer | None:
    match press.verb:
        case Verb.YES:
            return LineAnswer(line=line.number, found=line.quantity)
        case Verb.DEFECTIVE:
            return LineAnswer(line=line.number, defective=line.quantity)
        case Verb.MISSING:
            return LineAnswer(line=line.number, missing=line.quantity)
        case Verb.SOME:
            found = Decimal(press.found)
            if not 0 < found < line.quantity:
                return None
            return LineAnswer(line=line.number, found=found, missing=line.quantity - found)
