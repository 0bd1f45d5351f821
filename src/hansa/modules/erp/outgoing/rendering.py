"""Writing subjects as messages of a contract version, and describing those versions."""

from typing import Any, assert_never

import msgspec

from hansa.modules.erp.model import Connection
from hansa.modules.erp.outgoing import contract_v1, contract_v2
from hansa.modules.erp.outgoing.subjects import (
    CorrectionFacts,
    CustomerFacts,
    Facts,
    Names,
    OrderFacts,
)

SHAPES: dict[int, dict[str, type[msgspec.Struct]]] = {
    1: {
        "order": contract_v1.OrderV1,
        "customer": contract_v1.CustomerV1,
        "correction": contract_v1.CorrectionV1,
    },
    2: {
        "order": contract_v2.OrderV2,
        "customer": contract_v2.CustomerV2,
        "correction": contract_v2.CorrectionV2,
    },
}


def render(facts: Facts, names: Names, *, connection: Connection, version: int) -> bytes:
    """Write a subject in a contract version; the same facts give the same bytes."""
    contract: Any = contract_v1 if version == 1 else contract_v2
    if isinstance(facts, OrderFacts):
        return msgspec.json.encode(contract.order(facts, names, connection))
    if isinstance(facts, CustomerFacts):
        return msgspec.json.encode(contract.customer(facts))
    if isinstance(facts, CorrectionFacts):
        return msgspec.json.encode(contract.correction(facts, names))
    assert_never(facts)


def schema(version: int) -> dict[str, Any]:
    """Describe the messages of a version as a JSON Schema document (2020-12), one `$defs` each."""
    shapes = list(SHAPES[version].values())
    _, definitions = msgspec.json.schema_components(shapes, ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Messages of Hansa to an ERP, contract version {version}",
        "oneOf": [{"$ref": f"#/$defs/{shape.__name__}"} for shape in shapes],
        "$defs": definitions,
    }
