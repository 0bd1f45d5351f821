"""Rows that follow each other and belong to one receipt become one record."""

from collections.abc import AsyncIterator

from hansa.modules.loyalty.intake.mapping import ROWS, RecordRefused, RowUnreadable, Source
from hansa.modules.loyalty.intake.reading.found import Found
from hansa.modules.loyalty.points.commands import LINES_MAX


async def group_rows(found: AsyncIterator[Found], source: Source) -> AsyncIterator[Found]:
    """Give a record per receipt: the fields of its first row, and all its `rows`.

    A row that cannot be read spoils the receipt it stands in: half a receipt is worse than none.
    """
    group = _Group()
    async for one in found:
        if one.fault is not None:
            if group.rows:
                group.fault = group.fault or one.fault
            yield one
            continue
        key = tuple(str(one.record.get(name, "")).strip() for name in source.group_by)
        if group.rows and key != group.key:
            yield group.close()
            group = _Group()
        group.add(key, one)
    if group.rows:
        yield group.close()


class _Group:
    def __init__(self) -> None:
        self.key: tuple[str, ...] = ()
        self.rows: list[Found] = []
        self.fault: RecordRefused | None = None

    def add(self, key: tuple[str, ...], one: Found) -> None:
        self.key = key
        if len(self.rows) < LINES_MAX:
            self.rows.append(one)
        else:
            self.fault = RowUnreadable(
                row=one.row, reason=f"a receipt has at most {LINES_MAX} rows"
            )

    def close(self) -> Found:
        first = self.rows[0]
        record = {**first.record, ROWS: [one.record for one in self.rows]}
        fault = self.fault
        if isinstance(fault, RowUnreadable) and fault.row != first.row:
            fault = RowUnreadable(
                row=first.row, reason=f"row {fault.row} of the same receipt cannot be read"
            )
        return Found(first.row, record, fault)
