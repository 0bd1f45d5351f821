"""What a question says, in the language of the shop and by its clock."""

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from hansa.kernel.text import pick
from hansa.modules import catalog
from hansa.modules.fulfilment.chat.buttons import EVERY_LINE, Press, Verb
from hansa.modules.fulfilment.model import (
    LineAnswer,
    Question,
    QuestionLine,
    QuestionState,
    Shop,
    Told,
)
from hansa.runtime.html.catalogue import Catalogue, read_catalogue
from hansa.runtime.html.formats import format_clock
from hansa.runtime.settings import Settings

PICTURE_WIDTH = 320
OFFICE_PAGE = "/office/shop"


class Words:
    """Writes questions; made once per process."""

    def __init__(self, settings: Settings) -> None:
        folder = Path(__file__).parents[1]
        self._catalogue: Catalogue = read_catalogue(folder, settings.languages)
        self._public_url = settings.public_url.rstrip("/")

    def say(self, language: str, told: Told) -> str:
        """Put a sentence into a language and fill its places."""
        return self._catalogue.sentence(language, told.message).format_map(dict(told.data))

    def title(self, question: Question, shop: Shop) -> str:
        """Say what is asked, in one line."""
        told = Told("Order {number}: is it in the shop?", {"number": question.order_number})
        return self.say(shop.language, told)

    def deadline(self, question: Question, shop: Shop) -> str:
        """Name the shop and the time until which it may answer, by its own clock."""
        name = pick(question.warehouse_name, shop.language)
        until = format_clock(question.answer_by, shop.language, shop.time_zone)
        told = Told("{shop} · please answer by {time}", {"shop": name, "time": until})
        return self.say(shop.language, told)

    def name(self, line: QuestionLine, shop: Shop) -> str:
        """Name the product."""
        return pick(line.name, shop.language)

    def note(self, line: QuestionLine, shop: Shop) -> str:
        """Give what tells one variant from another: options and article number."""
        options = [pick(text, shop.language) for text in line.options.values()]
        return " · ".join(part for part in (*options, line.sku) if part)

    def pieces(self, amount: Decimal, shop: Shop) -> str:
        """Write an amount."""
        return self.say(shop.language, Told("{pieces} pcs", {"pieces": plain(amount)}))

    def picture(self, line: QuestionLine) -> str | None:
        """Give the whole address of the picture."""
        if not line.image:
            return None
        return f"{self._public_url}/{catalog.sized(line.image, PICTURE_WIDTH)}"

    @property
    def page(self) -> str:
        """Give the address where answers of any kind can be given."""
        return f"{self._public_url}{OFFICE_PAGE}"

    def label(self, press: Press, quantity: Decimal, shop: Shop) -> str:
        """Write what stands on a button."""
        return self.say(shop.language, _label(press, plain(quantity)))

    def answer(self, line: QuestionLine, shop: Shop) -> str:
        """Say what became of a line, or nothing while it is asked."""
        if line.answer is None:
            return "" if line.is_open else self.say(shop.language, Told("no longer needed"))
        said = ", ".join(self.say(shop.language, part) for part in _parts(line.answer))
        who = line.answered_by.name if line.answered_by is not None else ""
        return f"{said} — {who}" if who else said

    def status(self, question: Question, shop: Shop) -> str:
        """Say what became of a question, or nothing while it is open."""
        return self.say(shop.language, status_of(question))


def _label(press: Press, pieces: str) -> Told:
    match press.verb:
        case Verb.YES:
            if press.line == EVERY_LINE:
                return Told("Everything is here")
            is_one = pieces == "1"
            return (
                Told("Yes, it is here") if is_one else Told("Yes, all {pieces}", {"pieces": pieces})
            )
        case Verb.SOME:
            return Told("{found} of {pieces}", {"found": str(press.found), "pieces": pieces})
        case Verb.DEFECTIVE:
            return Told("Defective")
        case Verb.MISSING:
            return Told("No, it is not here")


def status_of(question: Question) -> Told:
    """Say what became of a question; without words while it is open."""
    match question.state:
        case QuestionState.ANSWERED:
            name = question.answered_by.name if question.answered_by else ""
            kept = sum((line.kept for line in question.lines), Decimal(0))
            if not kept:
                return Told("Answered: {name}", {"name": name})
            data = {"name": name, "number": question.order_number, "pieces": plain(kept)}
            return Told("{name}: put aside for order {number}, {pieces} pcs", data)
        case QuestionState.EXPIRED:
            return Told("Time was up: somebody else is asked.")
        case QuestionState.WITHDRAWN:
            return Told("The order no longer needs this shop.")
        case _:
            return Told("")


def plain(amount: Decimal) -> str:
    """Write an amount without needless zeros."""
    return f"{amount.normalize():f}"


def _parts(answer: LineAnswer) -> Sequence[Told]:
    amounts = (
        (answer.found, "found {pieces}"),
        (answer.defective, "defective {pieces}"),
        (answer.missing, "not found {pieces}"),
    )
    return [Told(message, {"pieces": plain(amount)}) for amount, message in amounts if amount]
