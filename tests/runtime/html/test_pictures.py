"""The drawn pictures of the demo shop."""

import io

import pytest
from PIL import Image

from hansa.assembly.demo import pictures, showcase
from hansa.assembly.demo.garments import KINDS, Colour
from hansa.assembly.demo.garments.cloth import mirrored

SAGE = Colour.of("sage", "#6b7a5e")
MILK = Colour.of("milk", "#e4dccb")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_garment_is_drawn_inside_its_picture_from_both_sides(kind: str) -> None:
    for view in (1, 2):
        image = pictures.render(pictures.draw(kind, SAGE, view), 100)

        assert image.size == (100, 125)
        assert _differs(image, image.getpixel((2, 2))) > 0.08
        border = [image.getpixel((x, y)) for x in range(100) for y in (0, 124)]
        assert max(_distance(one, image.getpixel((2, 2))) for one in border) < 60


def test_the_front_is_not_the_back_and_a_colour_is_not_another() -> None:
    front = pictures.draw("coat", SAGE)

    assert front != pictures.draw("coat", SAGE, 2)
    assert front != pictures.draw("coat", MILK)
    assert front != pictures.draw("coat", SAGE, 1, "check")


def test_a_picture_comes_in_all_widths_and_is_the_same_each_time() -> None:
    files = pictures.picture("jumper", MILK)
    pictures.picture.cache_clear()

    assert files == pictures.picture("jumper", MILK)
    assert tuple(files) == pictures.WIDTHS
    for width, packed in files.items():
        image = Image.open(io.BytesIO(packed))
        assert (image.format, image.size) == ("WEBP", (width, width * 5 // 4))


def test_a_light_garment_stands_out_from_its_ground() -> None:
    assert MILK.light - pictures.ground_of(MILK).light > 0.03
    assert pictures.ground_of(SAGE).light - SAGE.light > 0.3


def test_an_outline_is_mirrored_with_its_curves() -> None:
    assert mirrored("M0 10 L20 12 C24 16 26 30 20 40") == (
        "M0 10 L20 12 C24 16 26 30 20 40 L-20 40 C-26 30 -24 16 -20 12 L-0 10 Z"
    )


def test_each_category_tile_names_garments_that_exist() -> None:
    placed = [
        *showcase.HERO,
        *showcase.BANNER,
        *(g for _, many in showcase.TILES.values() for g in many),
    ]

    assert {one.kind for one in placed} <= set(KINDS)


def _distance(one: object, other: object) -> int:
    assert isinstance(one, tuple)
    assert isinstance(other, tuple)
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _differs(image: Image.Image, ground: object) -> float:
    points = [image.getpixel((x, y)) for x in range(0, 100, 2) for y in range(0, 125, 2)]
    return sum(_distance(one, ground) > 40 for one in points) / len(points)
