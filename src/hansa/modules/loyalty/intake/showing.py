"""Records as people may see them: without what tells of persons."""

import json
from collections.abc import Collection, Mapping

from hansa.modules.loyalty.intake.mapping import ROW
from hansa.runtime.masking import MASK, mask_value

SHOWN_CHARACTERS_MAX = 4_000


def shown_of(record: Mapping[str, object], personal: Collection[str]) -> str | None:
    """Write a record as JSON with personal fields hidden; None if it holds nothing.

    `personal` are paths: those by which the mapping finds a member, and those it names as such.
    What looks like a telephone, a card or an address is hidden wherever it stands.
    """
    plain = _hide({name: one for name, one in record.items() if name != ROW}, personal, "")
    if not plain:
        return None
    written = json.dumps(plain, ensure_ascii=False, default=str)
    if len(written) > SHOWN_CHARACTERS_MAX:
        written = json.dumps({"…": written[:SHOWN_CHARACTERS_MAX]}, ensure_ascii=False)
    return written


def _hide(held: Mapping[str, object], personal: Collection[str], path: str) -> dict[str, object]:
    shown: dict[str, object] = {}
    for name, value in held.items():
        if name == ROW:
            continue
        full = f"{path}{name}"
        if full in personal or name in personal:
            shown[name] = MASK
        elif isinstance(value, Mapping):
            shown[name] = _hide(value, personal, f"{full}.")
        elif isinstance(value, list):
            shown[name] = [
                _hide(one, personal, f"{full}.")
                if isinstance(one, Mapping)
                else mask_value(name, one)
                for one in value
            ]
        else:
            shown[name] = mask_value(name, value)
    return shown
