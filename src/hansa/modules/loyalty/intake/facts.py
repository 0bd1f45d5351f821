"""What a refusal says, as it is kept and shown."""

import json

from hansa.kernel.errors import HansaError


def facts_of(error: HansaError) -> str:
    """Write the fields of an error as a JSON object of texts."""
    held = {name: str(value) for name, value in error.data().items() if value is not None}
    return json.dumps(held, ensure_ascii=False)
