"""Shoes of the demo."""

from hansa.assembly.demo.kinds.kind import LEATHER, SUEDE, Kind

SHOES = (
    Kind(
        "sneaker",
        "sneakers",
        "Кроссовки",
        "sneakers",
        (LEATHER, SUEDE, ("из сетки", "mesh")),
        (
            ("на плоской подошве", "with a flat sole"),
            ("на толстой подошве", "with a chunky sole"),
            ("на шнурках", "with laces"),
            ("с мягким задником", "with a padded heel"),
        ),
        "shoes",
        7900,
        13900,
    ),
    Kind(
        "boot",
        "boots",
        "Ботинки",
        "boots",
        (LEATHER, SUEDE),
        (
            ("на шнурках", "with laces"),
            ("челси", "in a Chelsea style"),
            ("на рифлёной подошве", "with a lug sole"),
            ("с мехом внутри", "with a shearling lining"),
        ),
        "boots",
        9900,
        18900,
    ),
    Kind(
        "loafer",
        "loafers",
        "Лоферы",
        "loafers",
        (LEATHER, SUEDE),
        (
            ("с пряжкой", "with a buckle"),
            ("с кисточками", "with tassels"),
            ("на тракторной подошве", "with a lug sole"),
            ("мягкие", "with a soft sole"),
        ),
        "shoes",
        8900,
        13900,
    ),
    Kind(
        "sandal",
        "sandals",
        "Сандалии",
        "sandals",
        (LEATHER, SUEDE),
        (
            ("на плоской подошве", "with a flat sole"),
            ("с перекрёстными ремешками", "with crossed straps"),
            ("на каблуке", "with a heel"),
        ),
        "shoes",
        5900,
        9900,
    ),
)
