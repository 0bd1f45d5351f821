"""What of a message tells of a person, for those who may not see it."""

from typing import Any

import msgspec

HIDDEN = "•••"
_WHOLE = frozenset({"recipient", "identifiers"})
_FIELDS = frozenset(
    {
        "address", "birth_on", "card", "city", "comment", "display_name", "email", "family_name",
        "flat", "given_name", "house", "inn", "legal_name", "middle_name", "phone", "postcode",
        "region", "street",
    }
)  # fmt: skip


def readable(payload: bytes, *, with_personal_data: bool) -> str:
    """Write a payload in lines; personal data are hidden unless the reader may see them."""
    value = msgspec.json.decode(payload)
    if not with_personal_data:
        of_customer = isinstance(value, dict) and str(value.get("contract")).startswith("customer")
        value = _hide(value, names=of_customer)
    return msgspec.json.format(msgspec.json.encode(value)).decode()


def _hide(value: Any, *, names: bool) -> Any:
    if isinstance(value, list):
        return [_hide(one, names=names) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        key: HIDDEN
        if one and (key in _WHOLE or key in _FIELDS or (names and key == "name"))
        else _hide(one, names=names)
        for key, one in value.items()
    }
