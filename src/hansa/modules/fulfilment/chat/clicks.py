"""What a press of a button does: one short transaction, whose outcome is told by a job."""

from dataclasses import dataclass
from datetime import datetime

from hansa.modules.fulfilment import answering, queries, shops
from hansa.modules.fulfilment.chat.buttons import answers_of, read_token
from hansa.modules.fulfilment.chat.work import ShowPressed
from hansa.modules.fulfilment.model import (
    Answerer,
    OutcomeKind,
    Shop,
    ShopChannel,
    Told,
    outcome_of,
)
from hansa.modules.fulfilment.refusals import QuestionNotFound
from hansa.runtime.database import Transaction

DEAD_BUTTON = Told("This button does nothing any more.")
DONE = frozenset({OutcomeKind.TAKEN, OutcomeKind.REPEATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """A button that somebody pressed: what it carries, where, and who it was."""

    token: str
    address: str
    message: str
    by: Answerer


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What to tell whoever pressed; `language` is that of the shop."""

    told: Told
    is_done: bool
    language: str = "ru"


async def take_press(
    tx: Transaction, *, channel: ShopChannel, pressed: Pressed, now: datetime
) -> Reply:
    """Take the answer a button gives, if it may be given there; have the message drawn anew.

    Nothing is believed but the token's names and who pressed: the question, its lines and whom it
    is put to are read here.
    """
    press = read_token(pressed.token)
    if press is None:
        return Reply(told=DEAD_BUTTON, is_done=False)
    try:
        question = await queries.get_question(tx, question_id=press.question_id)
    except QuestionNotFound:
        return Reply(told=DEAD_BUTTON, is_done=False)
    shop = await shops.get_shop(tx, warehouse_id=question.warehouse_id)
    if not _is_there(shop, channel, pressed.address):
        told = outcome_of(OutcomeKind.NOT_A_MEMBER, question)
        return Reply(told=told, is_done=False)
    answers = answers_of(press, question)
    if not answers:
        return Reply(told=DEAD_BUTTON, is_done=False, language=shop.language)
    outcome = await answering.take_answer(
        tx, question_id=question.id, answers=answers, by=pressed.by, now=now
    )
    if outcome.kind is not OutcomeKind.NOT_A_MEMBER:
        await tx.enqueue(
            ShowPressed(
                question_id=question.id,
                channel=channel,
                address=pressed.address,
                message=pressed.message,
            )
        )
    return Reply(told=outcome.told, is_done=outcome.kind in DONE, language=shop.language)


def _is_there(shop: Shop, channel: ShopChannel, address: str) -> bool:
    return shop.channel is channel and shop.address == address
