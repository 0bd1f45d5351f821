"""The words of the demo's assortment: colours, sizes, fabrics, the tree of categories.

Pure data. `assortment` makes products of it and of the kinds of clothes in `kinds`.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour of the season: its names and its hex value."""

    code: str
    ru: str
    en: str
    hex: str


COLOURS = (
    Colour("sage", "шалфей", "sage", "#6b7a5e"),
    Colour("brick", "кирпичный", "brick", "#a4574b"),
    Colour("denim", "синий", "blue", "#46566b"),
    Colour("ink", "чёрный", "black", "#2f3338"),
    Colour("milk", "молочный", "milk", "#e4dccb"),
    Colour("camel", "верблюжий", "camel", "#b98f5a"),
    Colour("cherry", "вишнёвый", "cherry", "#7a3742"),
    Colour("rose", "пыльная роза", "dusty rose", "#c69a93"),
    Colour("graphite", "графит", "graphite", "#5b5f66"),
    Colour("sand", "песочный", "sand", "#cdb592"),
    Colour("forest", "тёмно-зелёный", "forest green", "#2f4a3c"),
    Colour("sky", "голубой", "light blue", "#9db4c6"),
    Colour("mustard", "горчичный", "mustard", "#c39a3b"),
    Colour("plum", "сливовый", "plum", "#5c3d55"),
    Colour("chocolate", "шоколадный", "chocolate", "#5a4034"),
)

SIZES = {
    "letters": ("XS", "S", "M", "L", "XL"),
    "men": ("S", "M", "L", "XL", "XXL"),
    "shoes": ("36", "37", "38", "39", "40", "41"),
    "boots": ("40", "41", "42", "43", "44", "45"),
    "waist": ("25", "26", "27", "28", "29", "30", "31"),
    "belt": ("80", "90", "100"),
    "one": ("one",),
}

# Code, parent, Russian, English; in the order of the menu.
CATEGORIES = (
    ("new", None, "Ноябрьский выпуск", "The November drop"),
    ("women", None, "Женщинам", "Women"),
    ("women-outerwear", "women", "Верхняя одежда", "Outerwear"),
    ("coats", "women-outerwear", "Пальто", "Coats"),
    ("trenches", "women-outerwear", "Тренчи", "Trench coats"),
    ("down", "women-outerwear", "Пуховики", "Down jackets"),
    ("blazers", "women-outerwear", "Жакеты", "Blazers"),
    ("dresses", "women", "Платья", "Dresses"),
    ("dresses-midi", "dresses", "Платья миди", "Midi dresses"),
    ("dresses-slip", "dresses", "Платья-комбинации", "Slip dresses"),
    ("dresses-shirt", "dresses", "Платья-рубашки", "Shirt dresses"),
    ("blouses", "women", "Блузы и рубашки", "Blouses and shirts"),
    ("knitwear", "women", "Трикотаж", "Knitwear"),
    ("jumpers", "knitwear", "Джемперы", "Jumpers"),
    ("cardigans", "knitwear", "Кардиганы", "Cardigans"),
    ("tops", "women", "Футболки и худи", "T-shirts and hoodies"),
    ("trousers", "women", "Брюки и джинсы", "Trousers and jeans"),
    ("skirts", "women", "Юбки и шорты", "Skirts and shorts"),
    ("men", None, "Мужчинам", "Men"),
    ("men-outerwear", "men", "Верхняя одежда", "Outerwear"),
    ("men-shirts", "men", "Рубашки", "Shirts"),
    ("men-knitwear", "men", "Трикотаж", "Knitwear"),
    ("men-tops", "men", "Футболки и худи", "T-shirts and hoodies"),
    ("men-trousers", "men", "Брюки и джинсы", "Trousers and jeans"),
    ("shoes", None, "Обувь", "Shoes"),
    ("sneakers", "shoes", "Кроссовки", "Sneakers"),
    ("boots", "shoes", "Ботинки", "Boots"),
    ("loafers", "shoes", "Лоферы", "Loafers"),
    ("sandals", "shoes", "Сандалии", "Sandals"),
    ("accessories", None, "Сумки и аксессуары", "Bags and accessories"),
    ("bags", "accessories", "Сумки", "Bags"),
    ("scarves", "accessories", "Шарфы", "Scarves"),
    ("hats", "accessories", "Шапки", "Hats"),
    ("belts", "accessories", "Ремни", "Belts"),
    ("umbrellas", "accessories", "Зонты", "Umbrellas"),
)

# What the filter calls each fabric, by its English name.
FABRICS = {
    "wool": "шерсть",
    "merino": "меринос",
    "cashmere": "кашемир",
    "cotton": "хлопок",
    "linen": "лён",
    "silk": "шёлк",
    "viscose": "вискоза",
    "smooth leather": "гладкая кожа",
    "suede": "замша",
    "heavy denim": "плотный деним",
    "soft denim": "мягкий деним",
    "gabardine": "габардин",
    "membrane": "мембрана",
    "mohair": "мохер",
    "alpaca": "альпака",
    "nylon": "нейлон",
    "pima cotton": "хлопок пима",
    "loopback cotton": "футер",
    "Oxford cotton": "оксфорд",
    "mesh": "сетка",
    "canvas": "канвас",
    "pongee": "эпонж",
}
