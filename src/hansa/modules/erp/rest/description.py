"""How the addresses of /erp/v1 stand in the OpenAPI document: bodies, examples, keys."""

import json
from typing import Any

import msgspec
from litestar.openapi.spec import (
    Example,
    OpenAPIMediaType,
    Operation,
    Parameter,
    RequestBody,
    Schema,
)

from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.model import BATCH_BYTES_MAX, BATCH_ROWS_MAX, DRY_ROWS_MAX

_REFERENCE = "#/$defs/"


class _Given(Schema):
    """A schema that is given as it is to be written."""

    given: dict[str, Any]

    def to_schema(self) -> dict[str, Any]:
        """Write it."""
        return self.given


def describing(kind: Kind[Any], *, is_dry_run: bool = False) -> type[Operation]:
    """Make the description of an address of a kind."""
    body = RequestBody(
        required=True,
        description=(
            f"At most {DRY_ROWS_MAX if is_dry_run else BATCH_ROWS_MAX} rows "
            f"and {BATCH_BYTES_MAX} bytes."
        ),
        content={
            "application/json": OpenAPIMediaType(
                schema=_schema(kind),
                examples={"batch": Example(value={"rows": [dict(kind.example)]})},
            )
        },
    )

    class Described(Operation):
        """An operation with its body."""

        def __post_init__(self) -> None:
            """Add what Litestar cannot know: the body is read piece by piece."""
            self.request_body = body
            self.description = _DESCRIPTION
            self.parameters = [*(self.parameters or []), *_parameters(is_dry_run=is_dry_run)]

    return Described


_DESCRIPTION = (
    "Each row is answered by itself; a row that is refused spoils no other. Rows of one key are "
    "ordered by `sequence`: the same again is a `duplicate`, an older one `stale`; gaps are fine. "
    "The answer is 200 whatever became of the rows."
)


def _parameters(*, is_dry_run: bool) -> list[Any]:
    found = [
        Parameter(
            name="Idempotency-Key",
            param_in="header",
            required=False,
            description="The same call with the same key gets the same answer",
            schema=_given({"type": "string", "minLength": 1, "maxLength": 200}),
        )
    ]
    if not is_dry_run:
        found.append(
            Parameter(
                name="dry_run",
                param_in="query",
                required=False,
                description="Tell what would happen and change nothing",
                schema=_given({"type": "boolean", "default": False}),
            )
        )
    return found


def _schema(kind: Kind[Any]) -> Schema:
    row = msgspec.json.schema(kind.row)
    definitions = row.pop("$defs", {})
    whole = {
        "type": "object",
        "required": ["rows"],
        "properties": {
            "rows": {
                "type": "array",
                "maxItems": BATCH_ROWS_MAX,
                "items": _inlined(row, definitions),
            }
        },
    }
    return _given(json.loads(json.dumps(whole, default=msgspec.to_builtins)))


def _given(schema: dict[str, Any]) -> Schema:
    made = _Given()
    made.given = schema
    return made


def _inlined(part: Any, definitions: dict[str, Any]) -> Any:
    """Put definitions in the place of what points to them; rows do not hold themselves."""
    if isinstance(part, list):
        return [_inlined(one, definitions) for one in part]
    if not isinstance(part, dict):
        return part
    target = part.get("$ref", "")
    if isinstance(target, str) and target.startswith(_REFERENCE):
        return _inlined(definitions[target.removeprefix(_REFERENCE)], definitions)
    return {name: _inlined(one, definitions) for name, one in part.items()}
