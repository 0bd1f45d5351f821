"""Forms of the shop: read as text, since each is checked by the module that takes it."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

from hansa.runtime.html import Form
from hansa.runtime.http import Request

TEXT_CHARACTERS_MAX = 2_000
REQUIRED = "This field is required."


async def read_texts(request: Request) -> Form[Any]:
    """Read a form's text fields, without surrounding blanks; files are ignored."""
    sent = await request.form()
    values = {
        name: (value if name.startswith("password") or name.endswith("password") else value.strip())
        for name, value in sent.items()
        if isinstance(value, str)
    }
    return Form(
        {name: value[:TEXT_CHARACTERS_MAX] for name, value in values.items()}, request=request
    )


def require(form: Form[Any], names: Iterable[str]) -> bool:
    """Note an error at each field that is empty; say whether none is."""
    for name in names:
        if not form.text(name):
            form.add(name, REQUIRED)
    return not form.errors


def translator(request: Request) -> Callable[[str], str]:
    """Give a function that translates msgids into the language of the page."""
    wiring = request.visit.wiring
    return lambda message: wiring.translator.sentence(request.language, message)


def read_identifier(text: str) -> UUID | None:
    """Read the identifier a field carries; what is none counts as left out."""
    try:
        return UUID(text)
    except ValueError:
        return None
