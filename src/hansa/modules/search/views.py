"""Rows as values for pages."""

import msgspec

from hansa.kernel.text import pick
from hansa.modules import pricing
from hansa.modules.search.counts import Counts, Selection, Tally
from hansa.modules.search.documents import CardText, ProductText, VariantText
from hansa.modules.search.model import (
    Branch,
    Card,
    Facet,
    FacetCount,
    Overview,
    PricedVariant,
    ProductView,
)
from hansa.runtime.database import Row

_card_text = msgspec.json.Decoder(CardText).decode
_product_text = msgspec.json.Decoder(ProductText).decode
_variant_texts = msgspec.json.Decoder(list[VariantText]).decode

FACET_VALUES_MAX = 200


def reason_of(profile: pricing.PriceProfile, row: Row, language: str) -> str | None:
    """Say whose price it is, if it is not everybody's."""
    for each in profile.lists:
        if each.id == row.price_list_id:
            return pick(each.name, language) if each.customer_group is not None else None
    return None


def card_of(row: Row, profile: pricing.PriceProfile, language: str) -> Card:
    """Make a card of its row."""
    return Card(
        text=_card_text(row.card),
        price_minor=row.price,
        price_max_minor=row.price_max,
        was_minor=row.was,
        available_thousandths=row.available,
        reason=reason_of(profile, row, language),
    )


def product_of(row: Row, profile: pricing.PriceProfile, language: str) -> ProductView:
    """Make a product page of its row."""
    nothing = [None] * len(row.variants)
    return ProductView(
        product_id=row.product_id,
        currency=profile.currency,
        text=_product_text(row.document),
        variants=tuple(
            PricedVariant(text, price, was, pieces or 0)
            for text, price, was, pieces in zip(
                _variant_texts(b"[%b]" % b",".join(row.variants)),
                row.prices or nothing,
                row.was_prices or nothing,
                row.stock or nothing,
                strict=True,
            )
        ),
        price_minor=row.price,
        price_max_minor=row.price_max,
        was_minor=row.was,
        available_thousandths=row.available or 0,
        reason=reason_of(profile, row, language),
    )


def overview_of(counts: Counts, selection: Selection, tally: Tally, language: str) -> Overview:
    """Put counts into words."""
    return Overview(
        total=tally.total,
        facets=tuple(_facets(counts, selection, tally, language)),
        branches=tuple(_branches(counts, selection, tally, language)),
        price_min_minor=tally.price_min,
        price_max_minor=tally.price_max,
    )


def _facets(counts: Counts, selection: Selection, tally: Tally, language: str) -> list[Facet]:
    chosen = {tag for _, tags in selection.groups for tag in tags}
    facets = []
    for group in counts.facets:
        values = tuple(
            FacetCount(
                value=value.value,
                label=pick(value.label, language),
                swatch=value.swatch,
                count=count,
                is_chosen=value.id in chosen,
            )
            for value in group.values
            if (count := tally.tags.get(value.id, 0)) or value.id in chosen
        )
        # One value that everything has narrows nothing.
        narrows = len(values) > 1 or any(each.count < tally.total for each in values)
        if narrows or any(each.is_chosen for each in values):
            facets.append(
                Facet(
                    code=group.code,
                    name=pick(group.name, language),
                    kind=group.kind,
                    values=values[:FACET_VALUES_MAX],
                )
            )
    return facets


def _branches(counts: Counts, selection: Selection, tally: Tally, language: str) -> list[Branch]:
    current = counts.nodes.get(selection.category)
    path = () if current is None else current.path
    shown = [counts.nodes[number] for number in path]
    shown += [
        node
        for node in counts.children.get(current.id if current else None, ())
        if tally.tags.get(node.id, 0)
    ]
    return [
        Branch(
            slug=node.slug,
            name=pick(node.name, language),
            depth=len(node.path) - 1,
            count=tally.tags.get(node.id, 0),
            is_current=node.id == selection.category,
            is_open=node.id in path,
        )
        for node in shown
    ]
