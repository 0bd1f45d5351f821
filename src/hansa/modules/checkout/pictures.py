"""Which picture stands for a variant."""

from hansa.modules import catalog


def picture_of(product: catalog.Product | None, variant: catalog.Variant | None) -> str | None:
    """Give the key of the picture of the variant's own colour, else of the product's first."""
    if product is None or not product.media:
        return None
    if variant is not None:
        texts = {text for value in variant.options.values() for text in value.values()}
        for media in product.media:
            if media.options and set(media.options.values()) <= texts:
                return media.key
    return product.media[0].key
