"""Routes of the pages about the search for goods, for the manifest."""

from hansa.surfaces.backoffice import (
    fulfilment_board,
    fulfilment_case,
    fulfilment_cases,
    fulfilment_rules,
    fulfilment_shops,
)

ROUTES = (
    *fulfilment_board.ROUTES,
    *fulfilment_cases.ROUTES,
    *fulfilment_case.ROUTES,
    *fulfilment_shops.ROUTES,
    *fulfilment_rules.ROUTES,
)
