"""Search by words, corrections, suggestions."""

import pytest

from hansa.modules import search
from hansa.modules.search.typing_errors import distance, nearest, other_layout
from tests.modules.search.conftest import Shop


@pytest.fixture
async def wardrobe(shop: Shop) -> Shop:
    """Some clothes to look for."""
    await shop.add("Пальто из шерсти", english="Wool coat", colours=["красный"])
    await shop.add("Чёрное пальто", english="Black coat", material="шерсть")
    await shop.add("Платье ёлочка", english="Herringbone dress", category=shop.built.dresses)
    await shop.add("Куртка", description={"ru": "Носят как пальто"})
    await shop.project()
    return shop


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("пальто", {"Пальто из шерсти", "Чёрное пальто", "Куртка"}),
        ("шерстяного пальто", set()),
        ("ПАЛЬТО ШЕРСТЬ", {"Пальто из шерсти", "Чёрное пальто"}),
        ("платья", {"Платье ёлочка"}),
        ("елочка", {"Платье ёлочка"}),
        ("coats", {"Пальто из шерсти", "Чёрное пальто", "Куртка"}),
        ("красное", {"Пальто из шерсти"}),
        ("A1-0", {"Пальто из шерсти"}),
        ("460000030000", {"Платье ёлочка"}),
    ],
)
async def test_words_are_found_in_any_form(wardrobe: Shop, text: str, names: set[str]) -> None:
    found = set(await wardrobe.names(text=text))

    assert found == names or (not names and found)


async def test_title_comes_before_description(wardrobe: Shop) -> None:
    assert (await wardrobe.names(text="пальто"))[-1] == "Куртка"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("польто", "пальто"),
        ("gfkmnj", "пальто"),
        ("палтьо", "пальто"),
        ("dres", None),
        ("сщфе", "coat"),
    ],
)
async def test_slips_of_typing_are_forgiven_and_told(
    wardrobe: Shop, text: str, meant: str | None
) -> None:
    listing = await wardrobe.listing(text=text)

    assert listing.items
    assert listing.searched_for == meant


async def test_search_stays_within_a_branch_and_counts_branches(wardrobe: Shop) -> None:
    everywhere = await wardrobe.listing(text="coat dress herringbone or wool")
    dresses = await wardrobe.listing(text="платье", category_slug="platia")
    coats = await wardrobe.listing(text="платье", category_slug="palto")

    assert everywhere.overview.branches[0].slug == "odezhda"
    assert [card.text.name for card in dresses.items] == ["Платье ёлочка"]
    assert coats.items == ()


async def test_found_products_can_be_sorted_and_filtered(wardrobe: Shop) -> None:
    assert await wardrobe.names(text="пальто", sort=search.Sort.NAME) == [
        "Куртка", "Пальто из шерсти", "Чёрное пальто",
    ]  # fmt: skip
    assert await wardrobe.names(text="пальто", filters={"colour": ["krasnyi"]}) == [
        "Пальто из шерсти"
    ]


@pytest.mark.parametrize(
    "text", ["' or 1=1 --", "& | ! ( )", "<->", ":*", "\\", "%", "a" * 5000, "и в на"]
)
async def test_any_text_can_be_asked_for(wardrobe: Shop, text: str) -> None:
    listing = await wardrobe.listing(text=text)

    assert listing.overview.total == len(listing.items)


async def test_suggestions_go_on_as_was_typed(wardrobe: Shop) -> None:
    profile_id = await wardrobe.profile()

    async def suggested(text: str) -> search.Suggestions:
        return await search.suggest(wardrobe.shelf, text=text, profile_id=profile_id, language="ru")

    assert {card.text.name for card in (await suggested("паль")).products} >= {
        "Пальто из шерсти", "Чёрное пальто",
    }  # fmt: skip
    assert [branch.slug for branch in (await suggested("пла")).branches] == ["platia"]
    assert (await suggested("gfkm")).products
    assert (await suggested("")) == search.Suggestions(products=(), branches=(), queries=())


async def test_what_others_found_is_suggested(wardrobe: Shop) -> None:
    await wardrobe.listing(text="Пальто из шерсти")
    await wardrobe.listing(text="пальто 89261234567")
    await wardrobe.shelf.remember()

    given = await search.suggest(
        wardrobe.shelf, text="паль", profile_id=await wardrobe.profile(), language="ru"
    )

    assert set(given.queries) == {"пальто", "пальто из шерсти"}


def test_layouts() -> None:
    assert other_layout("gfkmnj") == "пальто"
    assert other_layout("сщфе") == "coat"


def test_distance_counts_slips() -> None:
    assert distance("пальто", "польто", 2) == 1
    assert distance("пальто", "палтьо", 2) == 1
    assert distance("пальто", "пальтоо", 2) == 1
    assert distance("пальто", "куртка", 2) == 3


def test_nearest_prefers_fewer_slips_then_use() -> None:
    assert nearest("польто", [("полет", 9), ("пальто", 1)]) == "пальто"
    assert nearest("кот", [("код", 1), ("кит", 5)]) == "кит"
    assert nearest("кот", [("слон", 5)]) is None
