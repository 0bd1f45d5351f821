"""Where members are signed in: begun once, handed over once, ended at once, forgotten later."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import pytest
import pytest_asyncio

from hansa.assembly.application import build_context
from hansa.modules.loyalty import members, programmes, sessions
from hansa.modules.loyalty.sessions.jobs import TidySessions, run_tidy_sessions
from hansa.runtime.clock import FixedClock
from tests.support.loyalty import a_member, a_programme

BROWSER, SHELL = sessions.SessionKind.BROWSER, sessions.SessionKind.SHELL


@pytest_asyncio.fixture(loop_scope="session")
async def anna(tx, now: datetime) -> UUID:
    programme = await a_programme(tx, now=now)
    return (await a_member(tx, programme, now=now)).id


async def find(tx, token: str, kind, now: datetime) -> sessions.Session | None:
    return await sessions.find_session(tx, token=token, kind=kind, now=now)


async def test_a_session_is_found_by_its_token_until_it_is_over(tx, anna, now) -> None:
    started = await sessions.start_session(tx, member_id=anna, kind=BROWSER, agent="a", now=now)

    found = await find(tx, started.token, BROWSER, now)

    assert found is not None
    assert (found.id, found.member_id, found.agent) == (started.id, anna, "a")
    assert await find(tx, started.token, BROWSER, started.expires_at) is None
    assert await find(tx, started.token + "x", BROWSER, now) is None
    assert started.token not in repr(started)


async def test_a_token_of_one_kind_is_none_of_the_other(tx, anna, now) -> None:
    browser = await sessions.start_session(tx, member_id=anna, kind=BROWSER, now=now)
    shell = await sessions.start_session(tx, member_id=anna, kind=SHELL, now=now)

    assert await find(tx, browser.token, SHELL, now) is None
    assert await find(tx, shell.token, BROWSER, now) is None


async def test_a_hand_over_opens_one_session_within_a_minute(tx, anna, now) -> None:
    started = await sessions.start_session(tx, member_id=anna, kind=SHELL, now=now)
    shell = await find(tx, started.token, SHELL, now)
    first = await sessions.hand_over(tx, session=shell, now=now)
    late = await sessions.hand_over(tx, session=shell, now=now)

    view = await sessions.take_over(tx, token=first.token, now=now + timedelta(seconds=59))

    with pytest.raises(sessions.HandoverWrong):
        await sessions.take_over(tx, token=first.token, now=now)
    with pytest.raises(sessions.HandoverWrong):
        await sessions.take_over(tx, token=late.token, now=now + timedelta(seconds=60))
    with pytest.raises(sessions.HandoverWrong):
        await sessions.take_over(tx, token=started.token, now=now)
    found = await find(tx, view.token, BROWSER, now)
    assert found is not None
    assert (found.member_id, found.parent_id) == (anna, started.id)


async def test_what_a_shell_opened_ends_with_it_and_opens_nothing_more(tx, anna, now) -> None:
    started = await sessions.start_session(tx, member_id=anna, kind=SHELL, now=now)
    shell = await find(tx, started.token, SHELL, now)
    view = await sessions.take_over(
        tx, token=(await sessions.hand_over(tx, session=shell, now=now)).token, now=now
    )
    waiting = await sessions.hand_over(tx, session=shell, now=now)

    await sessions.end_session(tx, member_id=anna, session_id=started.id, now=now)

    assert await find(tx, view.token, BROWSER, now) is None
    with pytest.raises(sessions.HandoverWrong):
        await sessions.take_over(tx, token=waiting.token, now=now)


async def test_nobody_ends_the_session_of_another(tx, anna, now) -> None:
    started = await sessions.start_session(tx, member_id=anna, kind=BROWSER, now=now)
    other = UUID(int=anna.int ^ (1 << 64))

    await sessions.end_session(tx, member_id=other, session_id=started.id, now=now)
    await sessions.end_session(tx, member_id=other, session_id=None, now=now)

    assert await find(tx, started.token, BROWSER, now) is not None


async def test_web_views_are_not_listed_beside_their_shell(tx, anna, now) -> None:
    started = await sessions.start_session(tx, member_id=anna, kind=SHELL, now=now)
    shell = await find(tx, started.token, SHELL, now)
    handed = await sessions.hand_over(tx, session=shell, now=now)
    await sessions.take_over(tx, token=handed.token, now=now)

    listed = await sessions.list_sessions(tx, member_id=anna, now=now)

    assert [one.id for one in listed] == [started.id]


async def test_what_is_long_over_is_forgotten(committing, settings, now) -> None:
    members.use_secret(settings.secret_key.reveal().encode())
    async with committing.transaction() as tx:
        programme = await a_programme(tx, now=now)
        member = await a_member(tx, programme, now=now)
        started = await sessions.start_session(tx, member_id=member.id, kind=SHELL, now=now)
        shell = await find(tx, started.token, SHELL, now)
        await sessions.hand_over(tx, session=shell, now=now)
    clock = FixedClock(started.expires_at + timedelta(days=31))
    context = build_context(settings, clock=clock, database=committing)

    await run_tidy_sessions(context, TidySessions())

    async with committing.snapshot() as snap:
        assert await find(snap, started.token, SHELL, now) is None


async def test_the_app_is_about_the_open_programme_with_the_lowest_number(tx, now) -> None:
    await a_programme(tx, now=now, code="closed", number=1, is_open=False)
    second = await a_programme(tx, now=now, code="second", number=2)
    await a_programme(tx, now=now, code="third", number=3)
    coalition = await programmes.read_coalition(tx, now=now)

    assert sessions.home_programme(coalition) == second
    with pytest.raises(sessions.NoProgramme):
        sessions.home_programme(
            programmes.Coalition(programmes={}, partners={}, terms={}, read_at=now)
        )
