"""What Litestar leaves out of its OpenAPI document: closed schemas, problems, idempotency keys."""

from decimal import Decimal
from typing import Any

from litestar import Litestar
from litestar.openapi.spec import OpenAPIType, Schema
from litestar.plugins import OpenAPISchemaPlugin
from litestar.typing import FieldDefinition

from hansa.runtime.http.gate import NO_KEY, UNSAFE
from hansa.runtime.http.visit import API_PATHS

DECIMAL_PATTERN = r"^-?\d{1,14}(\.\d{1,6})?$"


class DecimalSchemas(OpenAPISchemaPlugin):
    """Describes decimal numbers as they are written: as text, so that no reader rounds them."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        """Tell whether this is the type of decimal numbers."""
        return value is Decimal

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Schema:  # noqa: ARG002 - its place in Litestar
        """Describe it."""
        return Schema(
            type=OpenAPIType.STRING,
            pattern=DECIMAL_PATTERN,
            description="A decimal number, written as text",
        )


PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "RFC 9457 problem document",
    "required": ["title", "status", "code", "detail", "instance"],
    "additionalProperties": False,
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "Stable name of the failure"},
        "detail": {"type": "string", "description": "For people, in the language asked for"},
        "instance": {"type": "string", "description": "Number of the request"},
        "data": {"type": "object", "additionalProperties": True},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "additionalProperties": False,
                "properties": {
                    "field": {"type": "string"},
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
    },
}
_DESCRIPTIONS = {
    "400": "The request is wrong",
    "401": "Nobody is signed in, or the key is wrong",
    "403": "Not allowed",
    "404": "Not found",
    "409": "It changed meanwhile, exists already, or is still being worked on",
    "413": "The body is too large",
    "415": "The body is not JSON",
    "422": "A rule of the business says no",
    "429": "Too many requests",
    "503": "Not now; repeat after `Retry-After` seconds",
}
_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "New for each operation, the same when it is repeated",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


def described(app: Litestar) -> dict[str, Any]:
    """Give the OpenAPI document of an application, completed."""
    document: dict[str, Any] = app.openapi_schema.to_schema()
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for schema in schemas.values():
        _close(schema)
    schemas["Problem"] = PROBLEM_SCHEMA
    exempt = _exempt(app)
    # Pages are for people; the description is of what programs may rely on.
    document["paths"] = {
        path: operations
        for path, operations in document.get("paths", {}).items()
        if path.startswith((*API_PATHS, "/erp/"))
    }
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            if method.upper() in UNSAFE and (path, method.upper()) not in exempt:
                operation.setdefault("parameters", []).append(_KEY)
            _declare_problems(operation, has_body="requestBody" in operation)
    return document


def _close(schema: dict[str, Any]) -> None:
    if schema.get("type") == "object" and "properties" in schema:
        schema.setdefault("additionalProperties", False)


def _exempt(app: Litestar) -> set[tuple[str, str]]:
    return {
        (route.path_format, method)
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        for method in handler.http_methods
        if NO_KEY in handler.opt
    }


def _declare_problems(operation: dict[str, Any], *, has_body: bool) -> None:
    responses = operation["responses"]
    for status, description in _DESCRIPTIONS.items():
        if status in ("413", "415") and not has_body:
            continue
        responses[status] = {
            "description": description,
            "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}
            },
        }
