"""Statements that read what a shopper sees; as many per page however many rows there are.

Two ways lead to a page of a listing. `walk` follows an index in the order wanted and stops when the
page is full: right when much of the branch fits. `gather` takes the few products that fit, known
from the counts, and sorts them: right when little does. Both join the same rows, so price and stock
come from the same statement as the order.
"""

from functools import cache
from typing import LiteralString, NamedTuple

GROUPS_MAX = 12
"""Facets one may filter by at once."""


class _Order(NamedTuple):
    table: LiteralString
    key: LiteralString
    kind: LiteralString
    is_descending: bool


_PLACEMENT: LiteralString = "search_placement as place"
_PRICE: LiteralString = "search_price as place"

ORDERS: dict[str, _Order] = {
    "new": _Order(_PLACEMENT, "place.created_at", "timestamptz", is_descending=True),
    "popular": _Order(_PLACEMENT, "place.popularity", "integer", is_descending=True),
    "name:ru": _Order(_PLACEMENT, "place.sort_ru", "text", is_descending=False),
    "name:en": _Order(_PLACEMENT, "place.sort_en", "text", is_descending=False),
    "price": _Order(_PRICE, "place.price", "bigint", is_descending=False),
    "-price": _Order(_PRICE, "place.price", "bigint", is_descending=True),
}

_COLUMNS: LiteralString = (
    "entry.product, entry.price, entry.price_max, entry.was, entry.available, entry.price_list_id"
)

_VISIBLE: LiteralString = """
       and (entry.shown_from is null or entry.shown_from <= %(now)s)
       and (entry.shown_until is null or %(now)s < entry.shown_until)"""
_PRICED: LiteralString = """
       and entry.price >= %(price_from)s
       and entry.price <= %(price_to)s"""
_IN_STOCK: LiteralString = """
       and entry.available > 0"""

_GROUPS: tuple[LiteralString, ...] = (
    "%(group_0)s", "%(group_1)s", "%(group_2)s", "%(group_3)s", "%(group_4)s", "%(group_5)s",
    "%(group_6)s", "%(group_7)s", "%(group_8)s", "%(group_9)s", "%(group_10)s", "%(group_11)s",
)  # fmt: skip


class Shape(NamedTuple):
    """What a statement of a page depends on, apart from its parameters.

    What is not asked for is left out of the statement, not switched off by a parameter: a condition
    such as `%(x)s is null or …` makes PostgreSQL expect the worst of a plan for all parameters, and
    plan anew each time, which costs more than the reading. So does a limit that is a parameter: it
    is taken for a tenth of all rows.
    """

    order: str
    limit: int
    is_backward: bool = False
    has_start: bool = False
    has_price: bool = False
    in_stock: bool = False
    groups: int = 0
    is_gathered: bool = False


@cache
def page(shape: Shape) -> LiteralString:
    """Compose the statement of one page of a listing."""
    order = ORDERS[shape.order]
    key: LiteralString = order.key
    down = order.is_descending is not shape.is_backward
    direction: LiteralString = "desc" if down else "asc"
    comparison: LiteralString = "<" if down else ">"
    number: LiteralString = "entry.product" if shape.is_gathered else "place.product"
    if shape.is_gathered and order.table == _PRICE:
        key = "entry.price"
    conditions: LiteralString = _VISIBLE
    if shape.has_price:
        conditions = conditions + _PRICED
    if shape.in_stock:
        conditions = conditions + _IN_STOCK
    if shape.has_start:
        conditions = conditions + (
            f"\n and ({key}, {number}) {comparison} (%(key)s::{order.kind}, %(product)s::integer)"
        )
    if not shape.is_gathered:
        tags: LiteralString = "entry.stock_tags" if shape.in_stock else "product.tags"
        for name in _GROUPS[: shape.groups]:
            conditions = conditions + "\n and " + tags + " && " + name + "::integer[]"
    return f"""
    select page.product, page.price, page.price_max, page.was, page.available, page.price_list_id,
           page.key, words.card
      from (select {_COLUMNS}, {key} as key
              from {_source(shape, order)}{conditions}
             order by {key} {direction}, {number} {direction}
             limit {shape.limit:d}) as page
      join search_text as words on words.product = page.product
                               and words.language = %(language)s
     order by page.key {direction}, page.product {direction}
    """  # noqa: S608 - put together of literals of this file


_FOUND: LiteralString = """unnest(%(products)s::integer[]) as found (product)
              join search_entry as entry on entry.profile = %(profile)s
                                        and entry.product = found.product"""


def _source(shape: Shape, order: _Order) -> LiteralString:
    """Compose what is read, up to and with the first condition."""
    if shape.is_gathered and order.table == _PRICE:
        return _FOUND + "\n where true"
    if shape.is_gathered:
        return (
            _FOUND
            + """
              join search_placement as place on place.product = found.product
                                            and place.category = %(category)s
             where true"""
        )
    source: LiteralString = (
        order.table
        + """
              join search_entry as entry on entry.profile = %(profile)s
                                        and entry.product = place.product"""
    )
    if shape.groups and not shape.in_stock:
        source = source + "\n join search_product as product on product.id = place.product"
    source = source + "\n where place.category = %(category)s"
    return source + " and place.profile = %(profile)s" if order.table == _PRICE else source


# Found by words, in the order of how well they fit; `products` is one stretch of that order.
RANKED = """
    select entry.product, entry.price, entry.price_max, entry.was, entry.available,
           entry.price_list_id, found.place as key, words.card
      from unnest(%(products)s::integer[]) with ordinality as found (product, place)
      join search_entry as entry on entry.profile = %(profile)s
                                and entry.product = found.product
      join search_text as words on words.product = found.product
                               and words.language = %(language)s
     where (entry.shown_from is null or entry.shown_from <= %(now)s)
       and (entry.shown_until is null or %(now)s < entry.shown_until)
     order by found.place
"""

# Every variant in one row: what does not change was made before, prices and stock are arrays in the
# same order.
PRODUCT = """
    select product.product_id, words.document, product.variants, entry.price, entry.price_max,
           entry.was, entry.available, entry.price_list_id, entry.prices, entry.was_prices,
           entry.stock
      from search_product as product
      join search_text as words on words.product = product.id
                               and words.language = %(language)s
      left join search_entry as entry on entry.product = product.id
                                     and entry.profile = %(profile)s
     where product.slug = %(slug)s
       and product.is_listed
       and (product.shown_from is null or product.shown_from <= %(now)s)
       and (product.shown_until is null or %(now)s < product.shown_until)
     limit 1
"""

CARDS = """
    select entry.product, entry.price, entry.price_max, entry.was, entry.available,
           entry.price_list_id, found.place as key, words.card
      from unnest(%(product_ids)s::uuid[]) with ordinality as found (product_id, place)
      join search_product as product on product.product_id = found.product_id
                                    and product.is_listed
      join search_entry as entry on entry.profile = %(profile)s
                                and entry.product = product.id
      join search_text as words on words.product = product.id
                               and words.language = %(language)s
     where (entry.shown_from is null or entry.shown_from <= %(now)s)
       and (entry.shown_until is null or %(now)s < entry.shown_until)
     order by found.place
"""

# --- words ----------------------------------------------------------------------------------------

# Article numbers and barcodes come before anything found by words. The popular breaks ties.
FIND_WORDS = """
      with asked as (
           select websearch_to_tsquery('ru', %(text)s) || websearch_to_tsquery('en', %(text)s)
                  as query)
    select product.id,
           case when product.id in (select product from search_code where code = %(code)s)
                then 1000 else 0 end
           + ts_rank('{0.05, 0.2, 0.4, 1.0}', product.words, asked.query)
           * (1 + ln(1 + product.popularity) / 20) as rank
      from search_product as product, asked
     where product.is_listed
       and (product.words @@ asked.query
            or product.id in (select product from search_code where code = %(code)s))
     order by rank desc, product.popularity desc, product.id desc
     limit %(limit)s
"""

# As it is being typed: the last word may go on.
FIND_PREFIX = """
    select product.id,
           ts_rank('{0.05, 0.2, 0.4, 1.0}', product.words, asked.query) as rank
      from search_product as product, to_tsquery('ru', %(query)s) as asked (query)
     where product.is_listed
       and product.words @@ asked.query
     order by rank desc, product.popularity desc, product.id desc
     limit %(limit)s
"""

# Which words of a question find anything by themselves.
KNOWN_WORDS = """
    select asked.word
      from unnest(%(words)s::text[]) as asked (word)
     where exists (select
                     from search_product
                    where words @@ (plainto_tsquery('ru', asked.word)
                                    || plainto_tsquery('en', asked.word)))
"""

# The nearest words by trigrams, from the GiST index; which of them is meant is decided by letters.
SIMILAR_WORDS = """
    select word, uses
      from search_word
     order by word <-> %(word)s
     limit 20
"""

WORDS_THAT_EXIST = """
    select word, uses
      from search_word
     where word = any(%(words)s::text[])
"""

COMPLETE_WORD = """
    select word
      from search_word
     where word ~>=~ %(start)s
       and word ~<~ %(end)s
     order by uses desc, word
     limit %(limit)s
"""

COMPLETE_QUERY = """
    select text
      from search_query
     where text ~>=~ %(start)s
       and text ~<~ %(end)s
     order by uses desc, text
     limit %(limit)s
"""

# The first three hundred that fit, of those the popular: bounded work for a letter typed.
SUGGEST_PRODUCTS = """
    select entry.product, entry.price, entry.price_max, entry.was, entry.available,
           entry.price_list_id, fitting.popularity as key, words.card
      from (select id, popularity
              from search_product
             where is_listed
               and words @@ to_tsquery('ru', %(query)s)
             limit 300) as fitting
      join search_entry as entry on entry.profile = %(profile)s
                                and entry.product = fitting.id
      join search_text as words on words.product = fitting.id
                               and words.language = %(language)s
     where (entry.shown_from is null or entry.shown_from <= %(now)s)
       and (entry.shown_until is null or %(now)s < entry.shown_until)
     order by fitting.popularity desc, entry.product desc
     limit %(limit)s
"""

REMEMBER_QUERIES = """
    insert into search_query as held (text, uses, asked_at)
    select new.text, new.uses, %(now)s
      from unnest(%(texts)s::text[], %(uses)s::integer[]) as new (text, uses)
     order by new.text
        on conflict (text) do update
       set uses = held.uses + excluded.uses, asked_at = excluded.asked_at
"""

FORGET_QUERIES = """
    delete from search_query
     where asked_at < %(before)s
"""
