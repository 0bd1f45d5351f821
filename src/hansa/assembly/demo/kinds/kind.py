"""What is said of a kind of clothes, and the materials that many are made of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of clothes: how it is called, drawn, cut, sized and priced (roubles, from - to)."""

    code: str
    category: str
    ru: str
    en: str
    materials: tuple[tuple[str, str], ...]
    details: tuple[tuple[str, str], ...]
    sizes: str
    price_from: int
    price_to: int


WOOL = ("из шерсти", "wool")
MERINO = ("из мериноса", "merino")
CASHMERE = ("из кашемира", "cashmere")
COTTON = ("из хлопка", "cotton")
LINEN = ("из льна", "linen")
SILK = ("из шёлка", "silk")
VISCOSE = ("из вискозы", "viscose")
LEATHER = ("из гладкой кожи", "smooth leather")
SUEDE = ("из замши", "suede")
DENIM = ("из плотного денима", "heavy denim")
GABARDINE = ("из габардина", "gabardine")
MEMBRANE = ("с мембраной", "membrane")
MOHAIR = ("из мохера", "mohair")
