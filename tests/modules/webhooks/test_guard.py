"""Nothing is sent into the own network: not by number, by name, by redirection, nor by a change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hansa.modules import webhooks
from hansa.runtime.outbound import Outbound
from tests.support.webhooks import World


def resolving(world: World, **names: Sequence[str]) -> None:
    """Have the outbound client know these names and no others."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        del port
        if host not in names:
            raise OSError(f"{host} is unknown")
        return names[host]

    world.context.outbound = Outbound(resolver=resolve)


async def failed(world: World) -> webhooks.Attempt:
    """Deliver until the only message has failed once; give how."""
    await world.send()
    async with world.delivering():
        message = await world.until_failures(1)
    [attempt] = await world.attempts(message.id)
    return attempt


@pytest.mark.parametrize(
    "leads_to",
    [
        ("127.0.0.1",),
        ("10.1.2.3",),
        ("192.168.0.1",),
        ("169.254.169.254",),
        ("::1",),
        ("::ffff:127.0.0.1",),
        ("fd00::1",),
        ("93.184.216.34", "127.0.0.1"),
        (),
    ],
)
async def test_a_name_that_leads_inside_is_refused(world: World, leads_to) -> None:
    resolving(world, **{"partner.example": leads_to})
    await world.endpoint("inside", url="https://partner.example/hooks")

    attempt = await failed(world)

    assert (attempt.status, attempt.code) == (None, "address_refused")
    assert attempt.answer == "it leads to a private network"


@pytest.mark.parametrize(
    "url", ["https://127.0.0.1/hooks", "https://[::1]/hooks", "https://169.254.169.254/latest"]
)
async def test_an_address_inside_is_refused(world: World, url: str) -> None:
    resolving(world, **{host: (host,) for host in ("127.0.0.1", "::1", "169.254.169.254")})
    await world.endpoint("inside", url=url)

    assert (await failed(world)).code == "address_refused"


async def test_an_unknown_name_is_told_and_tried_again(world: World) -> None:
    resolving(world)
    await world.endpoint("nowhere", url="https://partner.example/hooks")

    attempt = await failed(world)

    assert (attempt.code, attempt.answer) == ("address_refused", "its host is unknown")
    [message] = await world.messages()
    assert message.state is webhooks.MessageState.WAITING


async def test_a_redirection_inside_is_not_followed(world: World) -> None:
    await world.endpoint("anna")
    world.receiver.misbehave("anna", redirect=1, redirect_to=f"{world.receiver.url}/in/inside")

    attempt = await failed(world)

    assert attempt.status == 302
    assert world.receiver.box("inside").calls == 0


async def test_in_production_this_machine_is_inside_too(world: World) -> None:
    await world.endpoint("anna")
    world.context.settings = replace(world.context.settings, environment="production")

    attempt = await failed(world)

    assert attempt.code == "address_refused"
    assert world.receiver.box("anna").calls == 0
