"""How the addresses of /erp/v1 stand in the OpenAPI document: bodies, examples, keys."""

from typing import Any

import msgspec
from litestar.openapi.spec import Operation

from hansa.modules.erp.rest.kind import Kind
from hansa.modules.erp.rest.model import BATCH_BYTES_MAX, BATCH_ROWS_MAX, DRY_ROWS_MAX

_REFERENCE = "#/$defs/"
_TEXT = (
    "Each row is answered by itself; a row that is refused spoils no other. Rows of one key are "
    "ordered by `sequence`: the same again is a `duplicate`, an older one `stale`; gaps are fine. "
    "The answer is 200 whatever became of the rows."
)
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same call with the same key gets the same answer",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}
_DRY_RUN = {
    "name": "dry_run",
    "in": "query",
    "required": False,
    "description": "Tell what would happen and change nothing",
    "schema": {"type": "boolean", "default": False},
}


def describing(kind: Kind[Any], *, is_dry_run: bool = False) -> type[Operation]:
    """Make the description of an address of a kind."""
    limit = DRY_ROWS_MAX if is_dry_run else BATCH_ROWS_MAX

    class Described(Operation):
        """An operation with its body, which Litestar cannot know: it is read piece by piece."""

        def to_schema(self) -> dict[str, Any]:
            """Write it."""
            written = super().to_schema()
            own = [_KEY] if is_dry_run else [_KEY, _DRY_RUN]
            written["description"] = _TEXT
            written["parameters"] = [*written.get("parameters", ()), *own]
            written["requestBody"] = {
                "required": True,
                "description": f"At most {limit} rows and {BATCH_BYTES_MAX} bytes.",
                "content": {
                    "application/json": {
                        "schema": _schema(kind, limit),
                        "examples": {"batch": {"value": {"rows": [dict(kind.example)]}}},
                    }
                },
            }
            return written

    return Described


def _schema(kind: Kind[Any], limit: int) -> dict[str, Any]:
    row = msgspec.json.schema(kind.row)
    definitions = row.pop("$defs", {})
    rows = {"type": "array", "maxItems": limit, "items": _inlined(row, definitions)}
    return {"type": "object", "required": ["rows"], "properties": {"rows": rows}}


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
