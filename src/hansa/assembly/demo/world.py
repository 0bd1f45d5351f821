"""Introduces the demo's goods to its practice 1C: what each side calls them, and its stock book."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID
from xml.sax.saxutils import escape, quoteattr

from hansa.assembly.demo import assortment
from hansa.assembly.demo.assortment import Piece
from hansa.modules import erp, stock
from hansa.runtime.context import Context

FOLDER = "onec-world"


async def introduce(context: Context, pieces: Sequence[Piece], now: datetime) -> None:
    """Make the connection with the outside id of everything, and write 1C's stock book."""
    async with context.database.transaction() as tx:
        connection = await erp.ensure_connection(tx, market="ru", now=now)
        links = {
            "product": {str(piece.product.id): piece.product.id for piece in pieces},
            "variant": {
                _offer_id(piece, variant.id): variant.id
                for piece in pieces
                for variant in piece.variants
            },
            "warehouse": {place.code: place.id for place in assortment.warehouses()},
        }
        for kind, known in links.items():
            await erp.link_references(tx, connection=connection, kind=kind, links=known)
    folder = context.settings.data_dir / FOLDER
    await asyncio.to_thread(_write, folder, pieces, now)


def _offer_id(piece: Piece, variant_id: UUID) -> str:
    return f"{piece.product.id}#{variant_id}"


def _write(folder: Path, pieces: Sequence[Piece], now: datetime) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / "offers.draft"
    places = assortment.warehouses()
    with draft.open("w", encoding="utf-8") as file:
        file.write(
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<КоммерческаяИнформация ВерсияСхемы="2.08" '
            f'ДатаФормирования="{now:%Y-%m-%dT%H:%M:%S}">'
            '<ПакетПредложений СодержитТолькоИзменения="true"><Ид>olkha#</Ид><Склады>'
        )
        for place in places:
            name = escape(place.name["ru"])
            file.write(f"<Склад><Ид>{place.code}</Ид><Наименование>{name}</Наименование></Склад>")
        file.write("</Склады><Предложения>")
        codes = {place.id: place.code for place in places}
        for piece in pieces:
            _write_offers(file.write, piece, codes, now)
        file.write("</Предложения></ПакетПредложений></КоммерческаяИнформация>\n")
    draft.replace(folder / "offers.xml")


def _write_offers(
    write: Callable[[str], object], piece: Piece, codes: Mapping[UUID, str], now: datetime
) -> None:
    held: dict[UUID, list[stock.Level]] = {}
    for level in assortment.levels(piece, now):
        held.setdefault(level.variant_id, []).append(level)
    for variant in piece.variants:
        options = ", ".join(value["ru"] for value in variant.options.values())
        name = escape(f"{piece.product.name['ru']} ({options})")
        total = sum(level.on_hand for level in held[variant.id])
        write(
            f"<Предложение><Ид>{_offer_id(piece, variant.id)}</Ид><Артикул>{variant.sku}</Артикул>"
            f"<Наименование>{name}</Наименование><Количество>{total}</Количество>"
        )
        for level in held[variant.id]:
            code = quoteattr(codes[level.warehouse_id])
            write(f'<Склад ИдСклада={code} КоличествоНаСкладе="{level.on_hand}"/>')
        write("</Предложение>")
