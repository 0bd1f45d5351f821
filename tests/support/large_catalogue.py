"""A large shop for benchmarks and tests of size, made inside the database: 100,000 products in about a minute.

Two markets, four price profiles, eight warehouses, 261 categories in three levels; every hundredth product has 80 variants
(10 colours in 8 sizes), the others two. The same numbers give the same shop. Rows go straight into the tables, past the
modules: no events, no journal of stock; call `search.rebuild` afterwards.
"""

# ruff: noqa: E501 - rows of sample data read better whole
from __future__ import annotations

from hansa.runtime.database import Database

VARIANTS_OF_LARGE = 80
LARGE_EVERY = 100

_WORDS = """
create temporary table made_noun on commit drop as
select row_number() over () - 1 as n, split_part(pair, ':', 1) as ru, split_part(pair, ':', 2) as en
  from unnest(array['Пальто:Coat','Платье:Dress','Куртка:Jacket','Рубашка:Shirt','Юбка:Skirt','Брюки:Trousers',
                    'Свитер:Sweater','Пиджак:Blazer','Шарф:Scarf','Футболка:T-shirt','Джинсы:Jeans','Кардиган:Cardigan',
                    'Блуза:Blouse','Жилет:Vest','Плащ:Raincoat','Комбинезон:Jumpsuit','Толстовка:Hoodie','Шорты:Shorts',
                    'Носки:Socks','Шапка:Hat']) as pair;
create temporary table made_adjective on commit drop as
select row_number() over () - 1 as n, split_part(pair, ':', 1) as ru, split_part(pair, ':', 2) as en
  from unnest(array['лёгкое:Light','тёплое:Warm','городское:City','вечернее:Evening','летнее:Summer','зимнее:Winter',
                    'осеннее:Autumn','весеннее:Spring','классическое:Classic','свободное:Loose','приталенное:Fitted',
                    'вязаное:Knitted','льняное:Linen','шерстяное:Woollen','хлопковое:Cotton','шёлковое:Silk',
                    'короткое:Short','длинное:Long','праздничное:Festive','походное:Hiking']) as pair;
"""

_TREE = """
insert into catalog_category (id, parent_id, slug, name, position, changed_at)
select md5('c' || a)::uuid, null, 'branch-' || a,
       jsonb_build_object('ru', 'Раздел ' || a, 'en', 'Branch ' || a), a, now()
  from generate_series(1, 10) as a;
insert into catalog_category (id, parent_id, slug, name, position, changed_at)
select md5('c' || a || '-' || b)::uuid, md5('c' || a)::uuid, 'branch-' || a || '-' || b,
       jsonb_build_object('ru', 'Отдел ' || a || '.' || b, 'en', 'Section ' || a || '.' || b), b, now()
  from generate_series(1, 10) as a, generate_series(1, 5) as b;
insert into catalog_category (id, parent_id, slug, name, position, changed_at)
select md5('c' || a || '-' || b || '-' || c)::uuid, md5('c' || a || '-' || b)::uuid,
       'branch-' || a || '-' || b || '-' || c,
       jsonb_build_object('ru', 'Полка ' || a || '.' || b || '.' || c, 'en', 'Shelf ' || a || '.' || b || '.' || c),
       c, now()
  from generate_series(1, 10) as a, generate_series(1, 5) as b, generate_series(1, 4) as c;
insert into catalog_slug (kind, slug, target_id, is_current)
select 'category', slug, id, true from catalog_category;
insert into catalog_attribute (id, code, name, kind, is_facet, position, changed_at)
select md5('a' || code)::uuid, code, jsonb_build_object('ru', name, 'en', code), kind, true, n, now()
  from (values ('colour', 'Цвет', 'colour', 1), ('size', 'Размер', 'choice', 2), ('material', 'Материал', 'choice', 3),
               ('season', 'Сезон', 'choice', 4), ('style', 'Стиль', 'choice', 5), ('country', 'Страна', 'choice', 6))
    as made (code, name, kind, n);
insert into catalog_attribute_choice (id, attribute_id, name, position, changed_at)
select md5('v' || code || n)::uuid, md5('a' || code)::uuid,
       jsonb_build_object('ru', label || ' ' || n, 'en', code || ' ' || n), n, now()
  from (values ('material', 'Ткань', 20), ('season', 'Сезон', 4), ('style', 'Стиль', 30), ('country', 'Страна', 25))
    as made (code, label, size), generate_series(1, made.size) as n;
insert into catalog_attribute_choice (id, attribute_id, name, swatch, position, changed_at)
select md5('vcolour' || n)::uuid, md5('acolour')::uuid,
       jsonb_build_object('ru', 'Цвет ' || n, 'en', 'Colour ' || n), '#' || substr(md5(n::text), 1, 6), n, now()
  from generate_series(1, 24) as n;
"""

_PRODUCTS = """
insert into catalog_product (id, slug, name, description, brand, category_ids, attributes, media, status, created_at, changed_at)
select md5('p' || p)::uuid,
       'item-' || p,
       jsonb_build_object('ru', noun.ru || ' ' || adjective.ru || ' ' || p, 'en', adjective.en || ' ' || lower(noun.en) || ' ' || p),
       jsonb_build_object(
           'ru', noun.ru || ' на каждый день. Сшито из хорошей ткани, держит форму, не боится стирки. Номер ' || p || '.',
           'en', noun.en || ' for every day. Made of good cloth, keeps its shape, may be washed. Number ' || p || '.'),
       'Brand ' || (abs(hashtext('brand' || p)) % 60),
       array[md5('c' || (p % 10 + 1) || '-' || (p / 10 % 5 + 1) || '-' || (p / 50 % 4 + 1))::uuid],
       jsonb_build_array(
           jsonb_build_object('a', md5('amaterial')::uuid, 'c', md5('vmaterial' || (abs(hashtext('material' || p)) % 20 + 1))::uuid),
           jsonb_build_object('a', md5('aseason')::uuid, 'c', md5('vseason' || (abs(hashtext('season' || p)) % 4 + 1))::uuid),
           jsonb_build_object('a', md5('astyle')::uuid, 'c', md5('vstyle' || (abs(hashtext('style' || p)) % 30 + 1))::uuid),
           jsonb_build_object('a', md5('acountry')::uuid, 'c', md5('vcountry' || (abs(hashtext('country' || p)) % 25 + 1))::uuid)),
       jsonb_build_array(
           jsonb_build_object('key', 'media/sample/' || (p % 40) || '-a.webp', 'width', 900, 'height', 1200,
                              'alt', jsonb_build_object('ru', noun.ru, 'en', noun.en)),
           jsonb_build_object('key', 'media/sample/' || (p % 40) || '-b.webp', 'width', 900, 'height', 1200,
                              'alt', jsonb_build_object('ru', noun.ru, 'en', noun.en))),
       'active',
       timestamptz '2026-01-01' + (p * 7919 % 100003) * interval '5 minutes',
       now()
  from generate_series(1, {products}) as p
  join made_noun as noun on noun.n = p % 20
  join made_adjective as adjective on adjective.n = p / 20 % 20;
insert into catalog_slug (kind, slug, target_id, is_current)
select 'product', slug, id, true from catalog_product;
insert into catalog_variant (id, product_id, sku, barcode, options, position, changed_at)
select md5('v' || p || '-' || n)::uuid, md5('p' || p)::uuid, 'SKU-' || p || '-' || n, (460000000000 + p::bigint * 100 + n)::text,
       jsonb_build_object(
           'colour', jsonb_build_object('ru', 'Цвет ' || colour, 'en', 'Colour ' || colour),
           'size', jsonb_build_object('ru', (36 + n % 8 * 2)::text)),
       n, now()
  from generate_series(1, {products}) as p,
       lateral generate_series(0, case when p % 100 = 0 then 79 else 1 end) as n,
       lateral (select (p + case when p % 100 = 0 then n / 8 else 0 end) % 24 + 1 as colour) as painted;
"""

_PRICES = """
insert into markets_market (code, name, currency, country, languages, default_language, tax_rate, prices_include_tax,
                            phone_region, time_zone, position, updated_at)
values ('ru', '{{"ru": "Россия"}}', 'RUB', 'RU', array['ru', 'en'], 'ru', 0.2, true, 'RU', 'Europe/Moscow', 0, now()),
       ('kz', '{{"ru": "Казахстан"}}', 'KZT', 'KZ', array['ru', 'en'], 'ru', 0.12, true, 'KZ', 'Asia/Almaty', 1, now());
insert into pricing_group (code, name, changed_at)
values ('partners', '{{"ru": "Партнёры", "en": "Partners"}}', now()), ('wholesale', '{{"ru": "Опт", "en": "Wholesale"}}', now());
insert into pricing_list (id, code, name, market, currency, customer_group, was_effective, changed_at)
values (md5('retail')::uuid, 'retail', '{{"ru": "Розница"}}', 'ru', 'RUB', null, true, now()),
       (md5('partners')::uuid, 'partners', '{{"ru": "Партнёры", "en": "Partners"}}', 'ru', 'RUB', 'partners', true, now()),
       (md5('wholesale')::uuid, 'wholesale', '{{"ru": "Опт", "en": "Wholesale"}}', 'ru', 'RUB', 'wholesale', true, now()),
       (md5('kz')::uuid, 'kz', '{{"ru": "Казахстан"}}', 'kz', 'KZT', null, true, now());
insert into pricing_profile (market, customer_group)
values ('ru', null), ('ru', 'partners'), ('ru', 'wholesale'), ('kz', null);
insert into pricing_price (variant_id, price_list_id, amount, changed_at)
select md5('v' || p || '-' || n)::uuid, list.id, round((990 + p * 7919 % 29000 + n * 10) * list.factor), now()
  from generate_series(1, {products}) as p,
       lateral generate_series(0, case when p % 100 = 0 then 79 else 1 end) as n,
       (values (md5('retail')::uuid, 1.0, 1), (md5('partners')::uuid, 0.8, 2), (md5('wholesale')::uuid, 0.65, 3),
               (md5('kz')::uuid, 5.5, 1)) as list (id, factor, every)
 where p % list.every = 0;
"""

_STOCK = """
insert into stock_warehouse (id, code, name, kind, city, channels, position, updated_at)
select md5('w' || w)::uuid, 'w' || w, jsonb_build_object('ru', 'Склад ' || w), 'shop', 'Москва',
       case when w <= 6 then array['ru'] else array['ru', 'kz'] end, w, now()
  from generate_series(1, 8) as w;
insert into stock_channel_warehouse (channel, warehouse_id)
select channel, id from stock_warehouse, unnest(channels) as channel;
insert into stock_channel_link (channel, linked) values ('ru', 'ru'), ('ru', 'kz'), ('kz', 'ru'), ('kz', 'kz');
insert into stock_level (variant_id, warehouse_id, on_hand, as_of, source)
select variant.id, warehouse.id,
       greatest(0, (hashtext(variant.sku || warehouse.code) & 15) - 8), now(), 'sample'
  from catalog_variant as variant, stock_warehouse as warehouse;
insert into stock_counter (variant_id, channel, sellable)
select level.variant_id, served.channel, sum(level.on_hand)
  from stock_level as level
  join stock_channel_warehouse as served on served.warehouse_id = level.warehouse_id
 group by level.variant_id, served.channel;
"""


async def load_large_catalogue(database: Database, *, products: int = 100_000) -> None:
    """Fill an empty migrated database with a large shop and refresh the planner's statistics."""
    async with database.connection() as connection:
        await connection.execute("set statement_timeout = 0")
        async with connection.transaction():
            for part in (_WORDS, _TREE, _PRODUCTS, _PRICES, _STOCK):
                await connection.execute(part.format(products=products).encode())
        await analyse(database)
        await connection.execute("reset statement_timeout")


async def analyse(database: Database) -> None:
    """Bring tables into the state autovacuum would bring them to after a while."""
    async with database.connection() as connection:
        await connection.execute("set statement_timeout = 0")
        await connection.execute("vacuum analyze")
        await connection.execute("reset statement_timeout")
