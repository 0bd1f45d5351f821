"""Forms of the app: read as text, since each is checked by the module that takes it."""

from typing import Any
from uuid import UUID

from hansa.runtime.html import Form
from hansa.runtime.http import Request

TEXT_CHARACTERS_MAX = 2_000


async def read_texts(request: Request) -> Form[Any]:
    """Read a form's text fields, without surrounding blanks; files are ignored."""
    sent = await request.form()
    values = {name: value.strip() for name, value in sent.items() if isinstance(value, str)}
    return Form(
        {name: value[:TEXT_CHARACTERS_MAX] for name, value in values.items()}, request=request
    )


def read_identifier(text: str) -> UUID | None:
    """Read the identifier a field carries; what is none counts as left out."""
    try:
        return UUID(text)
    except ValueError:
        return None
