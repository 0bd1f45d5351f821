"""The tree of groups: one element of the file, many records, parents first."""

from collections.abc import Iterator
from functools import partial

from hansa.modules.erp.commerceml.elements import (
    DELETED,
    Element,
    Extractor,
    Found,
    local,
    texts_in,
)
from hansa.modules.erp.commerceml.records import Group, is_true
from hansa.modules.erp.commerceml.values import Unreadable


def read_groups(extractor: Extractor, element: Element, before: int) -> Iterator[Found]:
    """Read a tree of groups; `before` is the ordinal of the record before it.

    A group that is refused takes those below it with it.
    """
    waiting: list[tuple[Element, str | None, int]] = [
        (child, None, 1) for child in reversed(element) if local(child.tag) == "Группа"
    ]
    ordinal = before
    while waiting:
        branch, parent_id, depth = waiting.pop()
        ordinal += 1
        reading = partial(_group, extractor, parent_id, depth)
        found = extractor.record(branch, ordinal, reading, "Классификатор/Группы/Группа")
        yield found
        if not isinstance(found[0], Group):
            continue
        for child in reversed(branch):
            if local(child.tag) == "Группы":
                waiting.extend(
                    (one, found[0].external_id, depth + 1)
                    for one in reversed(child)
                    if local(one.tag) == "Группа"
                )


def _group(
    extractor: Extractor, parent_id: str | None, depth: int, element: Element, ordinal: int
) -> Group:
    """Read one Группа without the groups in it."""
    if depth > extractor.limits.depth_max:
        raise Unreadable("too_deep", f"groups nested deeper than {extractor.limits.depth_max}")
    identifier = extractor.identifier(element)
    parts = texts_in(element)
    return Group(
        identifier,
        parent_id,
        extractor.name(parts.get("Наименование")) or identifier,
        deleted=is_true(parts.get("ПометкаУдаления")) or element.get("Статус") == DELETED,
        version=parts.get("НомерВерсии"),
        ordinal=ordinal,
    )
