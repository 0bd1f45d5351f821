"""The words of the demo's assortment: kinds of clothes, colours, sizes, the tree of categories.

Pure data. `assortment` makes products of it. Russian names are built from a noun and a detail that needs no agreement, so
that every combination reads as a shop would write it.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour of the season: its names, its hex value, and the ground a picture of it stands on."""

    code: str
    ru: str
    en: str
    hex: str


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
    "wool": "шерсть", "merino": "меринос", "cashmere": "кашемир", "cotton": "хлопок", "linen": "лён", "silk": "шёлк",
    "viscose": "вискоза", "smooth leather": "гладкая кожа", "suede": "замша", "heavy denim": "плотный деним",
    "soft denim": "мягкий деним", "gabardine": "габардин", "membrane": "мембрана", "mohair": "мохер", "alpaca": "альпака",
    "nylon": "нейлон", "pima cotton": "хлопок пима", "loopback cotton": "футер", "Oxford cotton": "оксфорд",
    "mesh": "сетка", "canvas": "канвас", "pongee": "эпонж",
}

_WOOL = ("из шерсти", "wool")
_MERINO = ("из мериноса", "merino")
_CASHMERE = ("из кашемира", "cashmere")
_COTTON = ("из хлопка", "cotton")
_LINEN = ("из льна", "linen")
_SILK = ("из шёлка", "silk")
_VISCOSE = ("из вискозы", "viscose")
_LEATHER = ("из гладкой кожи", "smooth leather")
_SUEDE = ("из замши", "suede")
_DENIM = ("из плотного денима", "heavy denim")
_GABARDINE = ("из габардина", "gabardine")
_MEMBRANE = ("с мембраной", "membrane")
_MOHAIR = ("из мохера", "mohair")

KINDS = (
    Kind("coat", "coats", "Пальто", "coat", (_WOOL, _CASHMERE, ("из альпаки", "alpaca")),
         (("с поясом", "with a belt"), ("прямого кроя", "with a straight cut"), ("с английским воротником", "with a notched collar"),
          ("без воротника", "without a collar"), ("с объёмными плечами", "with wide shoulders"), ("на пуговицах", "with buttons")),
         "letters", 18900, 38900),
    Kind("trench", "trenches", "Тренч", "trench coat", (_COTTON, _GABARDINE),
         (("с поясом", "with a belt"), ("свободного кроя", "with a loose cut"), ("с погонами", "with epaulettes"),
          ("с отложным воротником", "with a turn-down collar"), ("до колена", "to the knee"), ("с шлицей", "with a vent")),
         "letters", 14900, 24900),
    Kind("down_jacket", "down", "Пуховик", "down jacket", (_MEMBRANE, ("из нейлона", "nylon")),
         (("с капюшоном", "with a hood"), ("с высоким воротом", "with a high collar"), ("с горизонтальной стёжкой", "with quilted rows"),
          ("до бедра", "to the hip"), ("с карманами на молнии", "with zipped pockets"), ("на кнопках", "with snap buttons")),
         "letters", 12900, 27900),
    Kind("blazer", "blazers", "Жакет", "blazer", (_WOOL, _LINEN, _VISCOSE),
         (("на одну пуговицу", "with one button"), ("двубортный", "double-breasted"), ("свободного кроя", "with a loose cut"),
          ("с накладными карманами", "with patch pockets"), ("приталенный", "with a fitted waist")),
         "letters", 10900, 18900),
    Kind("dress_midi", "dresses-midi", "Платье миди", "midi dress", (_VISCOSE, _WOOL, _COTTON),
         (("с мягкими складками", "with soft pleats"), ("с рукавом-фонариком", "with puff sleeves"), ("с круглым вырезом", "with a round neck"),
          ("с запахом", "with a wrap front"), ("с завышенной талией", "with a high waist"), ("с поясом", "with a belt")),
         "letters", 8900, 16900),
    Kind("dress_slip", "dresses-slip", "Платье-комбинация", "slip dress", (_SILK, _VISCOSE),
         (("на тонких бретелях", "on thin straps"), ("с открытой спиной", "with an open back"), ("косого кроя", "cut on the bias"),
          ("с кружевом", "with lace"), ("с драпировкой", "with draping"), ("миди", "to mid-calf")),
         "letters", 9900, 17900),
    Kind("dress_shirt", "dresses-shirt", "Платье-рубашка", "shirt dress", (_COTTON, _LINEN, _DENIM),
         (("с поясом", "with a belt"), ("с длинным рукавом", "with long sleeves"), ("свободного кроя", "with a loose cut"),
          ("с разрезами", "with side slits"), ("с отложным воротником", "with a turn-down collar")),
         "letters", 7900, 12900),
    Kind("blouse", "blouses", "Блуза", "blouse", (_SILK, _VISCOSE, _COTTON),
         (("с бантом", "with a bow"), ("с воротником-стойкой", "with a stand-up collar"), ("с объёмным рукавом", "with full sleeves"),
          ("с защипами", "with pin tucks"), ("с запахом", "with a wrap front")),
         "letters", 4900, 9900),
    Kind("shirt", "blouses", "Рубашка", "shirt", (_COTTON, _LINEN, _SILK),
         (("свободного кроя", "with a loose cut"), ("с нагрудным карманом", "with a chest pocket"), ("в тонкую полоску", "in thin stripes"),
          ("с отложным воротником", "with a turn-down collar"), ("удлинённая", "with a long hem")),
         "letters", 4500, 8900),
    Kind("jumper", "jumpers", "Джемпер", "jumper", (_MERINO, _CASHMERE, _MOHAIR, _COTTON),
         (("с круглым вырезом", "with a round neck"), ("крупной вязки", "in a chunky knit"), ("с V-образным вырезом", "with a V-neck"),
          ("с высоким воротом", "with a high neck"), ("в рубчик", "in a rib knit")),
         "letters", 5900, 14900),
    Kind("cardigan", "cardigans", "Кардиган", "cardigan", (_MERINO, _MOHAIR, _COTTON),
         (("на пуговицах", "with buttons"), ("с карманами", "with pockets"), ("крупной вязки", "in a chunky knit"),
          ("укороченный", "with a short cut"), ("с поясом", "with a belt")),
         "letters", 6900, 13900),
    Kind("tshirt", "tops", "Футболка", "T-shirt", (_COTTON, ("из хлопка пима", "pima cotton"), _LINEN),
         (("с круглым вырезом", "with a round neck"), ("свободного кроя", "with a loose cut"), ("с нагрудным карманом", "with a chest pocket"),
          ("в полоску", "in stripes"), ("с V-образным вырезом", "with a V-neck")),
         "letters", 1900, 3900),
    Kind("hoodie", "tops", "Худи", "hoodie", (_COTTON, ("из футера", "loopback cotton")),
         (("с капюшоном", "with a hood"), ("на молнии", "with a zip"), ("с карманом-кенгуру", "with a kangaroo pocket"), ("оверсайз", "with an oversized cut"), ("укороченное", "with a short cut")),
         "letters", 4900, 7900),
    Kind("trousers", "trousers", "Брюки", "trousers", (_WOOL, _VISCOSE, _LINEN),
         (("прямого кроя", "with straight legs"), ("с защипами", "with pleats"), ("широкого кроя", "with wide legs"),
          ("со стрелками", "with pressed creases"), ("на резинке", "with an elastic waist")),
         "letters", 5900, 11900),
    Kind("jeans", "trousers", "Джинсы", "jeans", (_DENIM, ("из мягкого денима", "soft denim")),
         (("прямого кроя", "with straight legs"), ("с высокой посадкой", "with a high rise"), ("широкого кроя", "with wide legs"),
          ("с бахромой", "with a raw hem"), ("зауженные", "with a slim cut"), ("расклёшенные", "with flared legs")),
         "waist", 5900, 9900),
    Kind("skirt", "skirts", "Юбка", "skirt", (_WOOL, _SILK, _DENIM, _LEATHER),
         (("миди", "to mid-calf"), ("с разрезом", "with a slit"), ("в складку", "with pleats"), ("с запахом", "with a wrap front"), ("трапеция", "in an A-line")),
         "letters", 4900, 10900),
    Kind("shorts", "skirts", "Шорты", "shorts", (_LINEN, _COTTON, _DENIM),
         (("с защипами", "with pleats"), ("с высокой посадкой", "with a high rise"), ("до колена", "to the knee"), ("на резинке", "with an elastic waist")),
         "letters", 3900, 6900),
    Kind("men_coat", "men-outerwear", "Пальто мужское", "men's coat", (_WOOL, _CASHMERE),
         (("прямого кроя", "with a straight cut"), ("двубортное", "double-breasted"), ("с отложным воротником", "with a turn-down collar"), ("до колена", "to the knee")),
         "men", 19900, 37900),
    Kind("men_jacket", "men-outerwear", "Куртка мужская", "men's jacket", (_MEMBRANE, _COTTON, _SUEDE),
         (("с капюшоном", "with a hood"), ("на молнии", "with a zip"), ("с накладными карманами", "with patch pockets"), ("с воротником-стойкой", "with a stand-up collar")),
         "men", 9900, 24900),
    Kind("men_shirt", "men-shirts", "Рубашка мужская", "men's shirt", (_COTTON, _LINEN, ("из оксфорда", "Oxford cotton")),
         (("прямого кроя", "with a straight cut"), ("в тонкую полоску", "in thin stripes"), ("с воротником на пуговицах", "with a button-down collar"), ("с нагрудным карманом", "with a chest pocket"),
          ("свободного кроя", "with a loose cut")),
         "men", 3900, 7900),
    Kind("men_jumper", "men-knitwear", "Джемпер мужской", "men's jumper", (_MERINO, _CASHMERE, _COTTON),
         (("с круглым вырезом", "with a round neck"), ("с высоким воротом", "with a high neck"), ("в рубчик", "in a rib knit"), ("с воротником поло", "with a polo collar")),
         "men", 5900, 14900),
    Kind("men_tshirt", "men-tops", "Футболка мужская", "men's T-shirt", (_COTTON, ("из хлопка пима", "pima cotton"), _LINEN),
         (("с круглым вырезом", "with a round neck"), ("свободного кроя", "with a loose cut"), ("с нагрудным карманом", "with a chest pocket"), ("в полоску", "in stripes")),
         "men", 1900, 3500),
    Kind("men_hoodie", "men-tops", "Худи мужское", "men's hoodie", (("из футера", "loopback cotton"), _COTTON),
         (("с капюшоном", "with a hood"), ("на молнии", "with a zip"), ("с карманом-кенгуру", "with a kangaroo pocket")),
         "men", 4900, 8900),
    Kind("men_trousers", "men-trousers", "Брюки мужские", "men's trousers", (_WOOL, _COTTON, _LINEN),
         (("прямого кроя", "with straight legs"), ("с защипами", "with pleats"), ("зауженные", "with a slim cut"), ("на шнурке", "with a drawstring")),
         "men", 5900, 11900),
    Kind("sneaker", "sneakers", "Кроссовки", "sneakers", (_LEATHER, _SUEDE, ("из сетки", "mesh")),
         (("на плоской подошве", "with a flat sole"), ("на толстой подошве", "with a chunky sole"), ("на шнурках", "with laces"), ("с мягким задником", "with a padded heel")),
         "shoes", 7900, 13900),
    Kind("boot", "boots", "Ботинки", "boots", (_LEATHER, _SUEDE),
         (("на шнурках", "with laces"), ("челси", "in a Chelsea style"), ("на рифлёной подошве", "with a lug sole"), ("с мехом внутри", "with a shearling lining")),
         "boots", 9900, 18900),
    Kind("loafer", "loafers", "Лоферы", "loafers", (_LEATHER, _SUEDE),
         (("с пряжкой", "with a buckle"), ("с кисточками", "with tassels"), ("на тракторной подошве", "with a lug sole"), ("мягкие", "with a soft sole")),
         "shoes", 8900, 13900),
    Kind("sandal", "sandals", "Сандалии", "sandals", (_LEATHER, _SUEDE),
         (("на плоской подошве", "with a flat sole"), ("с перекрёстными ремешками", "with crossed straps"), ("на каблуке", "with a heel")),
         "shoes", 5900, 9900),
    Kind("tote", "bags", "Сумка «Тоут»", "tote bag", (_LEATHER, _SUEDE, ("из канваса", "canvas")),
         (("с двумя ручками", "with two handles"), ("с внутренним карманом", "with an inner pocket"), ("мягкой формы", "in a soft shape")),
         "one", 8900, 19900),
    Kind("crossbody", "bags", "Сумка через плечо", "cross-body bag", (_LEATHER, _SUEDE),
         (("с клапаном", "with a flap"), ("на цепочке", "with a chain"), ("полукруглая", "in a half-moon shape"), ("на молнии", "with a zip")),
         "one", 6900, 14900),
    Kind("scarf", "scarves", "Шарф", "scarf", (_CASHMERE, _MERINO, _MOHAIR, _SILK),
         (("с бахромой", "with a fringe"), ("в клетку", "in a check"), ("гладкий", "in a plain weave")),
         "one", 2900, 7900),
    Kind("beanie", "hats", "Шапка", "beanie", (_MERINO, _CASHMERE, _MOHAIR),
         (("с отворотом", "with a turn-up"), ("в рубчик", "in a rib knit"), ("гладкая", "in a plain knit")),
         "one", 1900, 4900),
    Kind("belt", "belts", "Ремень", "belt", (_LEATHER, _SUEDE),
         (("с металлической пряжкой", "with a metal buckle"), ("плетёный", "in a braid"), ("узкий", "in a narrow width")),
         "belt", 1900, 4900),
    Kind("umbrella", "umbrellas", "Зонт", "umbrella", (("из эпонжа", "pongee"),),
         (("трость", "with a long handle"), ("складной", "that folds"), ("с деревянной ручкой", "with a wooden handle")),
         "one", 2900, 5900),
)
