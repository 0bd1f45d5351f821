"""The guide for partners' programmers: what it shows works and is answered so, all of it."""

from __future__ import annotations

import json
import re

import pytest

from hansa.kernel.errors import HansaError
from hansa.modules import webhooks
from hansa.modules.loyalty.guard import faults as guard_faults
from hansa.modules.loyalty.members import api as members_api
from hansa.modules.loyalty.members import faults
from hansa.modules.loyalty.partner_api import telling
from hansa.modules.loyalty.points import refusals
from hansa.modules.loyalty.programmes import calling
from hansa.modules.webhooks import writing
from hansa.runtime.http import bodies, idempotency, identity, limits, paging
from hansa.runtime.http.problems import status_of
from hansa.surfaces.loyalty_front import faults as front_faults
from tests.modules.loyalty.partner_api.cases import examples
from tests.modules.loyalty.partner_api.guide import GUIDES, calls_of, plain, run, text_of

PLACES = (
    bodies,
    idempotency,
    identity,
    limits,
    paging,
    calling,
    faults,
    front_faults,
    guard_faults,
    members_api,
    refusals,
    webhooks.model,
)
NOT_OF_PARTNERS = {
    "loyalty.points_left",
    "loyalty.points_held",
    "loyalty.merge_impossible",
    "loyalty.merge_not_found",
    "loyalty.merge_not_last",
    "loyalty.purpose_unknown",
    "loyalty.guard_rules_invalid",
    "loyalty.no_such_alert",
    "loyalty.reason_needed",
    "loyalty.alert_over",
    "webhooks.message_invalid",
}
"""Of leaving, merging, consents and alerts, which members and staff do, and of our own faults."""


def errors() -> dict[str, type[HansaError]]:
    """Give every error a partner's program may be answered with, by its code."""
    return {
        one.code: one
        for place in PLACES
        for one in vars(place).values()
        if isinstance(one, type)
        and issubclass(one, HansaError)
        and one.__module__ == place.__name__
        and one.code not in NOT_OF_PARTNERS
    }


def events(text: str) -> list[dict]:
    """Give the CloudEvents a guide shows."""
    shown = re.findall(
        r"^`loyalty\.[\w.]+`: .*?\n\n```json\n(.*?)```", text, re.DOTALL | re.MULTILINE
    )
    return [json.loads(one) for one in shown]


@pytest.mark.parametrize("guide", GUIDES)
async def test_every_call_is_answered_as_the_guide_says(place, coalition, guide) -> None:
    calls = calls_of(text_of(guide))
    assert len(calls) > 15
    language = {"Accept-Language": "ru" if guide.endswith(".ru.md") else "en"}
    async with place.client(headers=await coalition.token(place) | language) as client:
        async for call, answer in run(client, calls):
            if call.answer is not None:
                assert plain(answer.json()) == plain(call.answer), call.path


@pytest.mark.parametrize("guide", GUIDES)
def test_every_error_is_explained_with_its_status(guide) -> None:
    rows = re.findall(r"^\| `([\w.]+)` \| (\d{3}) \|", text_of(guide), re.MULTILINE)
    told = {code: int(status) for code, status in rows}

    assert told == {code: status_of(_made(kind)) for code, kind in errors().items()}


def _made(kind: type[HansaError]) -> HansaError:
    """Make an error without its data, which its status does not depend on."""
    return kind.__new__(kind)


@pytest.mark.parametrize("guide", GUIDES)
def test_every_event_is_shown_as_it_is_sent(coalition, now, guide) -> None:
    sent = [
        json.loads(writing.body_of(coalition.member.id, one, writing.data_of(one)))
        for one in examples(coalition, now)
    ]

    assert [one["type"] for one in sent] == list(telling.TYPES)
    assert plain(events(text_of(guide))) == plain(sent)


def test_both_guides_show_the_same_calls() -> None:
    english, russian = (calls_of(text_of(guide)) for guide in GUIDES)

    assert plain([vars_of(one) for one in english]) == plain([vars_of(one) for one in russian])


def vars_of(call) -> list[object]:
    return [call.method, call.path, call.headers, call.body]
