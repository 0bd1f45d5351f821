"""The demo's coalition as data: twenty neighbours of the shop, their terms and offers."""

from dataclasses import dataclass
from decimal import Decimal

from hansa.modules.loyalty.offers import (
    Condition,
    ConditionKind,
    Limits,
    OfferContent,
    Reward,
    RewardKind,
    Wording,
)
from hansa.modules.loyalty.programmes import Billing


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbour:
    """A partner: its names, what it sells, its percent (hundredths), how it pays, receipts."""

    code: str
    ru: str
    en: str
    category: str
    about_ru: str
    about_en: str
    percent: int
    billing: Billing = Billing.POSTPAID
    issue_price: Decimal = Decimal(100)
    receipt_minor: tuple[int, int] = (500_00, 3_000_00)
    visits: float = 1.0
    pending_days: int | None = None
    alert_points: int = 20_000


NEIGHBOURS = (
    Neighbour(
        code="olkha", ru="Ольха", en="Olkha", category="clothes", percent=500, visits=0.4,
        about_ru="Одежда, которую носят годами", about_en="Clothes to be worn for years",
        receipt_minor=(4_900_00, 24_900_00),
    ),
    Neighbour(
        code="lavka", ru="Лавка у дома", en="Corner Grocery", category="food", percent=100,
        about_ru="Продукты каждый день", about_en="Food for every day",
        receipt_minor=(350_00, 2_800_00), visits=6,
    ),
    Neighbour(
        code="ferma", ru="Дальняя ферма", en="Far Farm", category="food", percent=150,
        about_ru="Молоко, сыр и овощи с хозяйства",
        about_en="Milk, cheese and vegetables from the farm",
        receipt_minor=(600_00, 2_400_00), visits=2,
    ),
    Neighbour(
        code="bulka", ru="Булка", en="Bulka Bakery", category="food", percent=300,
        about_ru="Хлеб на закваске", about_en="Sourdough bread",
        receipt_minor=(180_00, 900_00), visits=3,
    ),
    Neighbour(
        code="zerno", ru="Зерно", en="Zerno Coffee", category="food", percent=500,
        about_ru="Кофейни и обжарка", about_en="Coffee shops and a roastery",
        receipt_minor=(220_00, 780_00), visits=4,
    ),
    Neighbour(
        code="azs-veter", ru="АЗС «Ветер»", en="Veter Fuel", category="fuel", percent=100,
        about_ru="Топливо и мойка", about_en="Fuel and car wash",
        receipt_minor=(1_500_00, 4_200_00), visits=2,
    ),
    Neighbour(
        code="apteka", ru="Аптека «Ромашка»", en="Romashka Pharmacy", category="health",
        percent=200,
        about_ru="Лекарства и уход", about_en="Medicines and care",
        receipt_minor=(300_00, 2_100_00), visits=1.2,
    ),
    Neighbour(
        code="bank-most", ru="Банк «Мост»", en="Most Bank", category="bank", percent=50,
        about_ru="Карты и вклады", about_en="Cards and deposits",
        issue_price=Decimal(95), receipt_minor=(1_000_00, 9_000_00),
        visits=2,
    ),
    Neighbour(
        code="svyaz", ru="Связь-Юг", en="South Mobile", category="mobile", percent=300,
        about_ru="Мобильная связь и интернет", about_en="Mobile and internet",
        receipt_minor=(450_00, 900_00), visits=0.6,
    ),
    Neighbour(
        code="polis", ru="Полис", en="Polis Insurance", category="insurance", percent=700,
        about_ru="ОСАГО и дом", about_en="Motor and home insurance",
        receipt_minor=(4_000_00, 18_000_00), visits=0.1,
        issue_price=Decimal(110),
    ),
    Neighbour(
        code="knigi", ru="Книжный двор", en="Book Yard", category="books", percent=500,
        about_ru="Книги и настольные игры", about_en="Books and board games",
        receipt_minor=(400_00, 3_200_00), visits=0.6,
    ),
    Neighbour(
        code="kino", ru="Кинотеатр «Полёт»", en="Polyot Cinema", category="leisure", percent=700,
        about_ru="Кино по-домашнему", about_en="Films as at home",
        receipt_minor=(500_00, 1_800_00), visits=0.6,
        billing=Billing.PREPAID, alert_points=500,
    ),
    Neighbour(
        code="sport", ru="Спортзал «Шаг»", en="Shag Gym", category="sport", percent=300,
        about_ru="Абонементы и тренировки", about_en="Passes and training",
        receipt_minor=(1_500_00, 6_000_00), visits=0.4,
    ),
    Neighbour(
        code="detsad", ru="Мир малышей", en="Little World", category="kids", percent=200,
        about_ru="Одежда и игрушки для детей", about_en="Clothes and toys for children",
        receipt_minor=(700_00, 5_000_00), visits=0.7,
    ),
    Neighbour(
        code="lapa", ru="Лапа", en="Lapa Pets", category="pets", percent=300,
        about_ru="Корм и ветеринар", about_en="Food and a vet",
        receipt_minor=(600_00, 4_000_00), visits=0.7,
    ),
    Neighbour(
        code="dom", ru="Дом и сад", en="House and Garden", category="home", percent=200,
        about_ru="Инструменты, посуда, рассада", about_en="Tools, dishes, seedlings",
        receipt_minor=(800_00, 9_000_00), visits=0.5,
    ),
    Neighbour(
        code="taxi", ru="Такси «Сова»", en="Sova Taxi", category="transport", percent=200,
        about_ru="Поездки по городу", about_en="Rides in town",
        receipt_minor=(250_00, 1_100_00), visits=2,
    ),
    Neighbour(
        code="optika", ru="Оптика", en="Optics", category="health", percent=500,
        about_ru="Очки и линзы", about_en="Glasses and lenses",
        receipt_minor=(2_500_00, 14_000_00), visits=0.15,
    ),
    Neighbour(
        code="salon", ru="Салон «Пион»", en="Pion Salon", category="beauty", percent=500,
        about_ru="Стрижки и уход", about_en="Haircuts and care",
        receipt_minor=(1_200_00, 5_000_00), visits=0.4,
        billing=Billing.PREPAID, alert_points=500,
    ),
    Neighbour(
        code="marketplace", ru="Базар", en="Bazaar", category="marketplace", percent=100,
        about_ru="Всё с доставкой", about_en="Everything, delivered",
        receipt_minor=(500_00, 6_000_00), visits=2,
        pending_days=14,
    ),
)  # fmt: skip


GOODS = {
    "clothes": ("Пальто", "Джемпер", "Рубашка", "Брюки", "Платье"),
    "food": ("Хлеб", "Молоко", "Сыр", "Яблоки", "Круассан", "Кофе", "Зелень"),
    "fuel": ("АИ-95", "АИ-92", "Мойка"),
    "health": ("Витамины", "Пластырь", "Капли", "Крем для рук"),
    "bank": ("Покупка картой",),
    "mobile": ("Тариф на месяц", "Пакет интернета"),
    "insurance": ("ОСАГО", "Страхование дома"),
    "books": ("Роман", "Атлас", "Настольная игра", "Открытки"),
    "leisure": ("Билет на вечерний сеанс", "Билет на утренний сеанс", "Попкорн"),
    "sport": ("Абонемент", "Занятие с тренером"),
    "kids": ("Комбинезон", "Конструктор", "Раскраска"),
    "pets": ("Корм", "Игрушка", "Приём ветеринара"),
    "home": ("Секатор", "Тарелки", "Рассада", "Лампа"),
    "transport": ("Поездка",),
    "beauty": ("Стрижка", "Маникюр", "Шампунь"),
    "marketplace": ("Наушники", "Рюкзак", "Чайник", "Плед"),
}
"""What is on receipts, by category."""


def offer(  # noqa: PLR0913 - what an offer is made of
    ru: str,
    en: str,
    *,
    condition: Condition,
    reward: Reward,
    text_ru: str,
    text_en: str,
    per_member: int | None = 1,
    budget_points: int | None = None,
) -> OfferContent:
    """Write an offer."""
    return OfferContent(
        wording=Wording(
            title={"ru": ru, "en": en},
            text={"ru": text_ru, "en": text_en},
            terms={
                "ru": "Включите предложение до покупки. Повышение действует со следующей покупки.",
                "en": "Switch it on before you buy. The raise counts from the next purchase on.",
            },
        ),
        condition=condition,
        reward=reward,
        limits=Limits(per_member=per_member),
        budget_points=budget_points,
    )


_ACTION, _PURCHASE, _PURCHASES = (
    ConditionKind.ACTION,
    ConditionKind.PURCHASE,
    ConditionKind.PURCHASES,
)
OFFERS = (
    (
        "bank-most",
        "bank-card",
        offer(
            "Карта «Моста» — плюс 2 % везде",
            "A Most card adds 2 % everywhere",
            condition=Condition(kind=_ACTION, code="card-issued"),
            reward=Reward(kind=RewardKind.PERCENT, percent=200, days=180),
            text_ru="Оформите дебетовую карту и сделайте первую покупку.",
            text_en="Take a debit card and pay with it once.",
        ),
    ),
    (
        "lavka",
        "lavka-week",
        offer(
            "Три похода в Лавку за неделю",
            "Three visits to Corner Grocery in a week",
            condition=Condition(kind=_PURCHASES, count=3, amount_minor=1_500_00, days=7),
            reward=Reward(kind=RewardKind.PERCENT, percent=100, category="food", days=30),
            text_ru="Плюс 1 % на продукты у всех партнёров на месяц.",
            text_en="1 % more on food at every partner for a month.",
            per_member=6,
        ),
    ),
    (
        "zerno",
        "zerno-first",
        offer(
            "Первый кофе — 100 баллов",
            "Your first coffee: 100 points",
            condition=Condition(kind=_PURCHASE, amount_minor=200_00),
            reward=Reward(kind=RewardKind.POINTS, points=100),
            text_ru="За первую покупку в любой кофейне «Зерно».",
            text_en="For the first purchase in any Zerno coffee shop.",
            budget_points=50_000,
        ),
    ),
    (
        "azs-veter",
        "veter-tank",
        offer(
            "Полный бак — плюс 1,5 % на топливо",
            "A full tank adds 1.5 % on fuel",
            condition=Condition(kind=_PURCHASE, amount_minor=2_000_00),
            reward=Reward(kind=RewardKind.PERCENT, percent=150, category="fuel", days=30),
            text_ru="Чек от 2 000 ₽ на АЗС «Ветер».",
            text_en="A receipt of 2,000 ₽ or more at Veter.",
            per_member=12,
        ),
    ),
    (
        "svyaz",
        "svyaz-tariff",
        offer(
            "Перейдите на тариф «Друзья»",
            "Change to the Friends plan",
            condition=Condition(kind=_ACTION, code="plan-changed"),
            reward=Reward(kind=RewardKind.PERCENT, percent=100, days=90),
            text_ru="Плюс 1 % к вашему кешбэку на три месяца.",
            text_en="1 % more cashback for three months.",
        ),
    ),
    (
        "polis",
        "polis-osago",
        offer(
            "ОСАГО в «Полисе» — плюс 3 % на топливо",
            "Motor insurance adds 3 % on fuel",
            condition=Condition(kind=_PURCHASE, amount_minor=4_000_00),
            reward=Reward(kind=RewardKind.PERCENT, percent=300, category="fuel", days=60),
            text_ru="Оформите полис от 4 000 ₽.",
            text_en="Take a policy of 4,000 ₽ or more.",
        ),
    ),
    (
        "olkha",
        "olkha-autumn",
        offer(
            "Осень в «Ольхе»: двойные баллы",
            "Autumn at Olkha: points twice",
            condition=Condition(kind=_PURCHASE, amount_minor=5_000_00),
            reward=Reward(kind=RewardKind.MULTIPLIER, multiplier=200),
            text_ru="За каждый чек от 5 000 ₽.",
            text_en="For every receipt of 5,000 ₽ or more.",
            per_member=5,
            budget_points=200_000,
        ),
    ),
    (
        "knigi",
        "knigi-evening",
        offer(
            "Книжный вечер: плюс 2 % на книги",
            "A book evening: 2 % more on books",
            condition=Condition(kind=_PURCHASE, amount_minor=1_000_00),
            reward=Reward(kind=RewardKind.PERCENT, percent=200, category="books", days=45),
            text_ru="После покупки от 1 000 ₽ в «Книжном дворе».",
            text_en="After a purchase of 1,000 ₽ or more at Book Yard.",
            per_member=4,
        ),
    ),
)
