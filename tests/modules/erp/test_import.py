"""What files of 1C make of the shop."""

from decimal import Decimal

import pytest
from PIL import Image

from hansa.modules import catalog, erp, pricing, stock
from hansa.modules.erp.checks import CHECKS as OWN
from hansa.modules.erp.importing import removal
from hansa.modules.erp.importing.pictures import attach_pictures
from hansa.modules.erp.jobs_data import AttachPictures
from hansa.modules.stock.checks import CHECKS as STOCK
from hansa.runtime.module import Check
from tests.support.commerceml import generate_catalog
from tests.support.erp import load


async def prove(context) -> None:
    """Run the checks of the modules an import writes to."""
    async with context.database.snapshot() as snap:
        for check in (*OWN, *STOCK):
            assert isinstance(check, Check)
            assert await check.run(snap) == []


async def ids_of(context, connection, kind: str) -> dict[str, object]:
    async with context.database.snapshot() as snap:
        rows = await snap.all(
            "select external_id, internal_id from erp_reference where connection_id = %(c)s"
            " and kind = %(k)s",
            {"c": connection.id, "k": kind},
        )
    return {row.external_id: row.internal_id for row in rows}


async def test_a_generated_export_is_loaded_whole(context, connection, tmp_path):
    goods, offers = generate_catalog(20, 3, 4)

    loaded = await load(context, connection, tmp_path, **{"import": goods, "offers": offers})

    assert [file.state for file in loaded.files] == ["done", "done"]
    assert loaded.actions("group") == {"created": 12}
    assert loaded.actions("product") == {"created": 20}
    assert loaded.actions("offer") == {"created": 60}
    assert loaded.actions("warehouse") == {"created": 4}
    assert loaded["offers.xml"].counts["levels"] > 200
    await prove(context)
    variants = await ids_of(context, connection, "variant")
    async with context.database.snapshot() as snap:
        found = await catalog.get_variants(snap, variant_ids=list(variants.values()))
        lists = await pricing.list_price_lists(snap)
        availability = await stock.availability(
            snap, channel="ru", variant_ids=list(variants.values())
        )
    assert len(found) == 60
    one = next(iter(found.values()))
    assert set(one.options) == {"colour", "size"}
    assert one.sku.startswith("A-")
    assert [(each.name["ru"], each.is_active) for each in lists] == [("Розничная", True)]
    assert sum(each.available for each in availability.values()) > 0


async def test_the_same_export_again_changes_nothing(context, connection, tmp_path):
    goods, offers = generate_catalog(10, 2, 2)
    await load(context, connection, tmp_path, **{"import": goods, "offers": offers})

    again = await load(context, connection, tmp_path, **{"import": goods, "offers": offers})

    assert {row.action for row in again.log} <= {"noted"}
    assert again["import.xml"].counts["unchanged"] == 10 + 12
    assert again["offers.xml"].counts.get("levels", 0) == 0
    await prove(context)


def package(inner: str, *, flag: str = "", formed_at: str = "2026-11-21T10:00:00") -> str:
    return (
        f'<КоммерческаяИнформация ВерсияСхемы="2.08" ДатаФормирования="{formed_at}">'
        f"<ПакетПредложений {flag}><Ид>c#</Ид><ИдКаталога>c</ИдКаталога>{inner}"
        "</ПакетПредложений></КоммерческаяИнформация>"
    )


def offers(*rows: str, **options) -> str:
    return package(f"<Предложения>{''.join(rows)}</Предложения>", **options)


def offer(id_: str, inner: str = "", *, name: str = "Товар") -> str:
    title = f"<Наименование>{name}</Наименование>" if name else ""
    return f"<Предложение><Ид>{id_}</Ид>{title}{inner}</Предложение>"


def price(amount: str, *, kind: str = "t", currency: str = "руб") -> str:
    return (
        f"<Цены><Цена><ИдТипаЦены>{kind}</ИдТипаЦены><ЦенаЗаЕдиницу>{amount}</ЦенаЗаЕдиницу>"
        f"<Валюта>{currency}</Валюта></Цена></Цены>"
    )


def rest(quantity: str, place: str = "w") -> str:
    return f'<Склад ИдСклада="{place}" КоличествоНаСкладе="{quantity}"/>'


def goods(*ids: str, flag: str = "", inner: str = "", status: str = "") -> str:
    rows = "".join(
        f"<Товар {status}><Ид>{one}</Ид><Наименование>Вещь {one}</Наименование>{inner}</Товар>"
        for one in ids
    )
    return (
        '<КоммерческаяИнформация ВерсияСхемы="2.08" ДатаФормирования="2026-11-21T10:00:00">'
        f"<Каталог {flag}><Ид>c</Ид><Товары>{rows}</Товары></Каталог></КоммерческаяИнформация>"
    )


FULL = 'СодержитТолькоИзменения="false"'


async def available(context, connection, id_: str) -> Decimal:
    variant_id = (await ids_of(context, connection, "variant"))[id_]
    async with context.database.snapshot() as snap:
        found = await stock.availability(snap, channel="ru", variant_ids=[variant_id])
    return found[variant_id].available


async def product_of(context, connection, id_: str) -> catalog.Product:
    product_id = (await ids_of(context, connection, "product"))[id_]
    async with context.database.snapshot() as snap:
        return await catalog.get_product(snap, product_id=product_id)


async def test_a_real_export_is_loaded_and_orphans_are_refused(
    context, connection, real_exports, tmp_path
):
    for name in ("dobromyslov-import0_1.xml", "dobromyslov-offers0_1.xml"):
        (tmp_path / name).write_bytes((real_exports / name).read_bytes())

    loaded = await load(context, connection, tmp_path)

    assert loaded.actions("group") == {"created": 1}
    assert loaded.actions("property") == {"created": 12}
    assert loaded.actions("product") == {"created": 36, "archived": 1}
    assert loaded.actions("warehouse") == {"created": 3}
    assert loaded.actions("offer") == {"created": 35, "refused": 9}
    assert loaded.codes()["erp.unknown_product"] == 8
    assert loaded.codes()["erp.deleted_product"] == 1
    mat = await product_of(context, connection, "bd8c4e15-18f9-11e7-80c2-0cc47ab29cd1")
    assert mat.brand == "Crazy Boom"
    assert await available(context, connection, "bd8c4e15-18f9-11e7-80c2-0cc47ab29cd1") == 377
    await prove(context)


async def test_real_split_files_wait_for_their_goods_and_are_then_taken(
    context, connection, real_exports, tmp_path
):
    for name in ("gillbeits-offers.xml", "gillbeits-prices.xml", "gillbeits-rests.xml"):
        (tmp_path / name).write_bytes((real_exports / name).read_bytes())
    first = await load(context, connection, tmp_path)
    assert first.actions("offer") == {"refused": 3 * 978}
    text = (tmp_path / "gillbeits-offers.xml").read_text("utf-8-sig")
    ids = [part.partition("</Ид>")[0] for part in text.split("<Предложение>\n\t\t\t\t<Ид>")[1:]]
    assert len(ids) == 978

    second = await load(context, connection, tmp_path / "goods", **{"import": goods(*ids)})

    assert second.actions("product") == {"created": 978}
    assert second.actions("offer") == {"created": 978}
    assert second["import.xml"].counts["prices"] == 978
    assert second["import.xml"].counts["levels"] == 978 - 752
    assert await available(context, connection, "26b0dc1e-4d66-11e4-99fe-003048c64779") == 1
    await prove(context)


async def test_prices_and_stock_before_their_variant_wait_for_it(context, connection, tmp_path):
    await load(context, connection, tmp_path, **{"import": goods("p")})
    early = await load(
        context, connection, tmp_path, rests=offers(offer("p#v", rest("4"), name=""))
    )
    assert early.codes() == {"erp.unknown_offer": 1}

    await load(context, connection, tmp_path, offers=offers(offer("p#v", price("100"))))

    assert await available(context, connection, "p#v") == 4


@pytest.mark.parametrize(
    ("inner", "code"),
    [
        (price("-5"), "erp.negative_price"),
        (price("10000000000000"), "erp.absurd_price"),
        (price("5", currency="USD"), "erp.other_currency"),
        (rest("99999999999999"), "erp.absurd_quantity"),
        (rest("-2"), "erp.negative_stock"),
        (rest("много"), "erp.number"),
    ],
)
async def test_a_bad_part_is_told_and_the_rest_taken(context, connection, tmp_path, inner, code):
    await load(context, connection, tmp_path, **{"import": goods("a", "b")})

    loaded = await load(
        context, connection, tmp_path, offers=offers(offer("a", inner), offer("b", rest("3")))
    )

    assert loaded.codes()[code] == 1
    assert loaded["offers.xml"].state == "done"
    assert await available(context, connection, "b") == 3
    assert await available(context, connection, "a") == 0
    await prove(context)


async def test_a_price_of_zero_takes_the_price_away(context, connection, tmp_path):
    await load(context, connection, tmp_path, **{"import": goods("a")})
    await load(context, connection, tmp_path, offers=offers(offer("a", price("100"))))

    loaded = await load(
        context, connection, tmp_path, prices=offers(offer("a", price("0"), name=""))
    )

    assert loaded["prices.xml"].counts["prices_removed"] == 1


async def test_purchase_prices_are_shown_to_nobody(context, connection, tmp_path):
    types = (
        "<ТипыЦен><ТипЦены><Ид>z</Ид><Наименование>Закупочная</Наименование></ТипЦены>"
        "<ТипЦены><Ид>r</Ид><Наименование>Розничная</Наименование></ТипЦены></ТипыЦен>"
    )

    await load(context, connection, tmp_path, offers=package(types))

    async with context.database.snapshot() as snap:
        lists = {each.name["ru"]: each for each in await pricing.list_price_lists(snap)}
    assert lists["Розничная"].is_active
    assert not lists["Закупочная"].is_active


async def test_the_last_of_a_repeated_id_counts_and_is_told(context, connection, tmp_path):
    await load(context, connection, tmp_path, **{"import": goods("a")})

    loaded = await load(
        context, connection, tmp_path, offers=offers(offer("a", rest("1")), offer("a", rest("2")))
    )

    assert loaded.codes() == {"erp.duplicate_id": 1}
    assert await available(context, connection, "a") == 2


async def test_older_stock_changes_nothing(context, connection, tmp_path):
    await load(context, connection, tmp_path, **{"import": goods("a")})
    await load(context, connection, tmp_path, offers=offers(offer("a", rest("5"))))

    loaded = await load(
        context,
        connection,
        tmp_path,
        rests=offers(offer("a", rest("9"), name=""), formed_at="2026-11-21T09:59:59"),
    )

    assert loaded["rests.xml"].counts["levels_stale"] == 1
    assert await available(context, connection, "a") == 5


async def test_stock_without_a_warehouse_goes_to_the_main_one(context, connection, tmp_path):
    await load(context, connection, tmp_path, **{"import": goods("a")})

    await load(
        context, connection, tmp_path, offers=offers(offer("a", "<Количество>2,5</Количество>"))
    )

    assert await available(context, connection, "a") == Decimal("2.5")


async def test_a_deleted_product_is_archived_and_comes_back(context, connection, tmp_path):
    await load(context, connection, tmp_path, **{"import": goods("a")})

    gone = await load(
        context, connection, tmp_path, **{"import": goods("a", status='Статус="Удален"')}
    )
    assert gone.actions("product")["archived"] == 1
    assert (await product_of(context, connection, "a")).status is catalog.Status.ARCHIVED

    await load(context, connection, tmp_path, **{"import": goods("a")})
    assert (await product_of(context, connection, "a")).status is catalog.Status.ACTIVE


async def run_removals(context) -> None:
    """Do what the worker would: decide and carry out removals."""
    async with context.database.snapshot() as snap:
        rows = await snap.all("select id from erp_removal where state = 'applied'")
        exchanges = await snap.all("select distinct exchange_id, id from erp_file where is_full")
    for row in exchanges:
        await removal.finish_exchange(context, exchange_id=row.exchange_id, file_id=row.id)
    async with context.database.snapshot() as snap:
        rows = await snap.all("select id from erp_removal where state = 'applied'")
    for row in rows:
        await removal.apply_removal(context, removal_id=row.id)


async def test_a_full_export_archives_and_zeroes_what_it_leaves_out(context, connection, tmp_path):
    await load(context, connection, tmp_path, **{"import": goods("a", "b", flag=FULL)})
    rows = [offer("a", rest("5")), offer("b", rest("7"))]
    await load(context, connection, tmp_path, offers=offers(*rows, flag=FULL))

    await load(context, connection, tmp_path, **{"import": goods("a", flag=FULL)})
    await load(
        context,
        connection,
        tmp_path,
        offers=offers(rows[0], flag=FULL, formed_at="2026-11-21T11:00:00"),
    )
    await run_removals(context)

    assert (await product_of(context, connection, "b")).status is catalog.Status.ARCHIVED
    assert (await product_of(context, connection, "a")).status is catalog.Status.ACTIVE
    assert await available(context, connection, "b") == 0
    assert await available(context, connection, "a") == 5
    await prove(context)


@pytest.mark.parametrize("flag", ["", 'СодержитТолькоИзменения="true"'])
async def test_what_a_delta_leaves_out_stays(context, connection, tmp_path, flag):
    await load(context, connection, tmp_path, **{"import": goods("a", "b", flag=FULL)})
    rows = [offer("a", rest("5")), offer("b", rest("7"))]
    await load(context, connection, tmp_path, offers=offers(*rows, flag=FULL))

    await load(context, connection, tmp_path, **{"import": goods("a", flag=flag)})
    later = offers(rows[0], flag=flag, formed_at="2026-11-21T11:00:00")
    await load(context, connection, tmp_path, offers=later)
    await run_removals(context)

    assert (await product_of(context, connection, "b")).status is catalog.Status.ACTIVE
    assert await available(context, connection, "b") == 7


async def test_a_full_export_that_breaks_off_takes_nothing_away(context, connection, tmp_path):
    await load(context, connection, tmp_path, **{"import": goods("a", "b", "c", flag=FULL)})
    whole = goods("a", "b", flag=FULL)

    cut = await load(
        context, connection, tmp_path, **{"import": whole[: whole.index("<Товар ><Ид>b")]}
    )
    await run_removals(context)

    assert cut["import.xml"].state == "failed"
    assert cut["import.xml"].error_code == "erp.malformed_file"
    assert (await product_of(context, connection, "c")).status is catalog.Status.ACTIVE


async def test_much_too_large_a_removal_waits_for_a_person(context, connection, tmp_path):
    many = [f"g{n}" for n in range(30)]
    await load(context, connection, tmp_path, **{"import": goods(*many, flag=FULL)})

    await load(context, connection, tmp_path, **{"import": goods("g0", flag=FULL)})
    await run_removals(context)

    assert (await product_of(context, connection, "g1")).status is catalog.Status.ACTIVE
    async with context.database.snapshot() as snap:
        (held,) = await erp.list_removals(snap, connection_id=connection.id, only_held=True)
    assert (held.absent, held.total) == (29, 30)


async def test_pictures_become_media(context, connection, tmp_path):
    folder = tmp_path / "export"
    (folder / "import_files" / "ab").mkdir(parents=True)
    Image.new("RGB", (40, 30), "red").save(folder / "import_files" / "ab" / "1.png")
    (folder / "import_files" / "ab" / "2.png").write_bytes(b"not a picture")
    names = ("import_files/ab/1.png", "import_files/ab/2.png", "import_files/ab/3.png")
    pictures = "".join(f"<Картинка>{name}</Картинка>" for name in names)
    (folder / "import.xml").write_text(goods("a", inner=pictures), "utf-8")
    loaded = await load(context, connection, folder)
    product = await product_of(context, connection, "a")

    await attach_pictures(
        context,
        AttachPictures(
            file_id=loaded["import.xml"].id,
            product_ids=(product.id,),
            titles=("Вещь",),
            names=(names,),
        ),
    )

    (picture,) = (await product_of(context, connection, "a")).media
    assert (picture.width, picture.height) == (40, 30)
    assert await context.storage.exists(picture.key)
    async with context.database.snapshot() as snap:
        log = await erp.list_log(snap, connection_id=connection.id, kind="picture")
    assert {row.code for row in log} == {"catalog.picture_unreadable", "erp.no_such_file"}
