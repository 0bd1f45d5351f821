"""The pages about goods, money and the exchange, for the manifest."""

from hansa.surfaces.backoffice import catalogue, categories, product, product_parts

ROUTES = (
    catalogue.list_products,
    catalogue.download_products,
    catalogue.show_new,
    catalogue.create,
    product.show_product,
    product.save_product,
    product.archive,
    product.restore,
    product.reset,
    product_parts.add_pictures,
    product_parts.arrange_pictures,
    product_parts.show_new_variant,
    product_parts.create_variant,
    product_parts.show_variant,
    product_parts.save_variant,
    categories.show_new,
    categories.create,
    categories.show_category,
    categories.save,
)
