"""The partners' cabinet, for the assembly."""

from hansa.runtime.module import Module
from hansa.surfaces.partner_cabinet import (
    hooks,
    keys,
    offer_form,
    offers,
    people,
    postings,
    sign_in,
    statements,
    today,
)

SURFACE = Module(
    name="partner_cabinet",
    routes=[
        sign_in.show_sign_in,
        sign_in.sign_in,
        sign_in.sign_out,
        sign_in.show_forgotten,
        sign_in.send_link,
        sign_in.show_new_password,
        sign_in.set_new_password,
        *today.ROUTES,
        *postings.ROUTES,
        *offers.ROUTES,
        *offer_form.ROUTES,
        *statements.ROUTES,
        *keys.ROUTES,
        *hooks.ROUTES,
        *people.ROUTES,
    ],
)
