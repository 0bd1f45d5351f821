"""What Slack demands of Block Kit: shapes and lengths of the blocks that messages may have."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

BLOCKS_MAX = 50
BLOCK_ID_MAX = 255
ACTION_ID_MAX = 255
VALUE_MAX = 2000
BUTTON_TEXT_MAX = 75
HEADER_TEXT_MAX = 150
SECTION_TEXT_MAX = 3000
FIELDS_MAX, FIELD_TEXT_MAX = 10, 2000
ELEMENTS_MAX, CONTEXT_ELEMENTS_MAX = 25, 10
URL_MAX, ALT_TEXT_MAX = 3000, 2000
STYLES = {"primary", "danger"}


def faults(blocks: object) -> list[str]:
    """Say what is wrong with the blocks of a message, each fault with where it is."""
    if not isinstance(blocks, list):
        return ["must be an array [json-pointer:/blocks]"]
    found = [] if len(blocks) <= BLOCKS_MAX else [f"no more than {BLOCKS_MAX} items [/blocks]"]
    seen: set[str] = set()
    for number, block in enumerate(blocks):
        where = f"/blocks/{number}"
        if not isinstance(block, Mapping):
            found.append(f"must be an object [json-pointer:{where}]")
            continue
        found += [f"{fault} [json-pointer:{where}{place}]" for place, fault in _block(block)]
        block_id = block.get("block_id")
        if isinstance(block_id, str):
            if block_id in seen:
                found.append(f"block_id already exists [json-pointer:{where}/block_id]")
            seen.add(block_id)
    return found


_Faults = Iterator[tuple[str, str]]


def _block(block: Mapping[str, Any]) -> _Faults:
    yield from _length(block, "block_id", BLOCK_ID_MAX, needed=False)
    match block.get("type"):
        case "section":
            yield from _section(block)
        case "actions":
            yield from _actions(block)
        case "header":
            yield from _text(block.get("text"), "/text", HEADER_TEXT_MAX, plain=True)
        case "context":
            yield from _context(block)
        case "image":
            yield from _image(block)
        case "divider":
            pass
        case kind:
            yield "/type", f"unsupported type: {kind}"


def _section(block: Mapping[str, Any]) -> _Faults:
    if "text" not in block and not block.get("fields"):
        yield "", "must have text or fields"
    if "text" in block:
        yield from _text(block["text"], "/text", SECTION_TEXT_MAX)
    fields = block.get("fields", [])
    if not isinstance(fields, list) or len(fields) > FIELDS_MAX:
        yield "/fields", f"no more than {FIELDS_MAX} items"
        return
    for number, one in enumerate(fields):
        yield from _text(one, f"/fields/{number}", FIELD_TEXT_MAX)
    accessory = block.get("accessory")
    if isinstance(accessory, Mapping):
        inner = _image(accessory) if accessory.get("type") == "image" else _button(accessory)
        yield from ((f"/accessory{place}", fault) for place, fault in inner)


def _actions(block: Mapping[str, Any]) -> _Faults:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= ELEMENTS_MAX:
        yield "/elements", f"between 1 and {ELEMENTS_MAX} items"
        return
    seen: Sequence[object] = [one.get("action_id") for one in elements if isinstance(one, Mapping)]
    if len({str(one) for one in seen}) != len(elements):
        yield "/elements", "`action_id` must be unique within the block"
    for number, element in enumerate(elements):
        if not isinstance(element, Mapping):
            yield f"/elements/{number}", "must be an object"
            continue
        yield from ((f"/elements/{number}{place}", fault) for place, fault in _button(element))


def _button(element: Mapping[str, Any]) -> _Faults:
    if element.get("type") != "button":
        yield "/type", "unsupported element"
        return
    yield from _length(element, "action_id", ACTION_ID_MAX)
    yield from _length(element, "value", VALUE_MAX, needed=False)
    yield from _text(element.get("text"), "/text", BUTTON_TEXT_MAX, plain=True)
    if "style" in element and element["style"] not in STYLES:
        yield "/style", "must be primary or danger"
    if "url" in element:
        yield from _length(element, "url", URL_MAX)


def _context(block: Mapping[str, Any]) -> _Faults:
    elements = block.get("elements")
    if not isinstance(elements, list) or not 1 <= len(elements) <= CONTEXT_ELEMENTS_MAX:
        yield "/elements", f"between 1 and {CONTEXT_ELEMENTS_MAX} items"
        return
    for number, element in enumerate(elements):
        where = f"/elements/{number}"
        if isinstance(element, Mapping) and element.get("type") == "image":
            yield from ((f"{where}{place}", fault) for place, fault in _image(element))
        else:
            yield from _text(element, where, SECTION_TEXT_MAX)


def _image(block: Mapping[str, Any]) -> _Faults:
    yield from _length(block, "image_url", URL_MAX)
    yield from _length(block, "alt_text", ALT_TEXT_MAX)
    address = block.get("image_url")
    if isinstance(address, str) and not address.startswith(("http://", "https://")):
        yield "/image_url", "must be an address"


def _text(text: object, where: str, longest: int, *, plain: bool = False) -> _Faults:
    if not isinstance(text, Mapping):
        yield where, "missing text object"
        return
    kinds = {"plain_text"} if plain else {"plain_text", "mrkdwn"}
    if text.get("type") not in kinds:
        yield f"{where}/type", f"must be one of {', '.join(sorted(kinds))}"
    for _, fault in _length(text, "text", longest):
        yield f"{where}/text", fault


def _length(holder: Mapping[str, Any], name: str, longest: int, *, needed: bool = True) -> _Faults:
    value = holder.get(name)
    if value is None and not needed:
        return
    if not isinstance(value, str) or not value:
        yield f"/{name}", "must be more than 0 characters"
    elif len(value) > longest:
        yield f"/{name}", f"must be less than {longest + 1} characters"
