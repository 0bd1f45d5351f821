"""The members' app, for the assembly."""

from typing import cast

from litestar import Router
from litestar.types import ExceptionHandlersMap

from hansa.runtime.module import Module
from hansa.surfaces.loyalty_app import (
    card_pages,
    history_pages,
    home_pages,
    offer_pages,
    reward_pages,
    settings_pages,
    shell_pages,
    sign_in_pages,
    worker_pages,
)
from hansa.surfaces.loyalty_app.access import OPEN, NotOpenYet, SignInFirst

PAGES = Router(
    path="/",
    route_handlers=[
        home_pages.home,
        home_pages.percent,
        history_pages.history,
        history_pages.posting,
        offer_pages.offers,
        offer_pages.offer,
        offer_pages.switch,
        card_pages.card,
        card_pages.card_code,
        reward_pages.rewards,
        reward_pages.reward,
        reward_pages.order,
        reward_pages.confirm,
        reward_pages.orders,
        reward_pages.show_order,
        reward_pages.show_code,
        reward_pages.cancel,
        settings_pages.settings,
        settings_pages.save_consents,
        settings_pages.save_notices,
        settings_pages.save_language,
        settings_pages.end_link,
        settings_pages.add_card,
        settings_pages.issue_card,
        settings_pages.lose_card,
        settings_pages.end_session,
        settings_pages.leave,
        sign_in_pages.welcome,
        sign_in_pages.show_sign_in,
        sign_in_pages.ask_code,
        sign_in_pages.code_hint,
        sign_in_pages.answer_code,
        sign_in_pages.join,
        sign_in_pages.sign_out,
        sign_in_pages.signed_out,
        sign_in_pages.rules,
        shell_pages.take_over,
        shell_pages.links,
        worker_pages.manifest,
        worker_pages.worker,
        worker_pages.offline,
        worker_pages.push_key,
        worker_pages.subscribe,
        worker_pages.keep_token,
        worker_pages.unsubscribe,
        worker_pages.my_data,
    ],
    opt=OPEN,
    exception_handlers=cast(
        "ExceptionHandlersMap",
        {SignInFirst: sign_in_pages.to_sign_in, NotOpenYet: sign_in_pages.not_open_yet},
    ),
)

SURFACE = Module(name="loyalty_app", routes=[PAGES])
