"""Whether things are kept here, as a front before several cells asks."""

from __future__ import annotations

from tests.support.loyalty import phone

HOME = "/loyalty/v1"


async def known(place, headers, *things) -> list[bool]:
    body = {"things": [{"kind": kind, "value": value} for kind, value in things]}
    async with place.client(headers=headers, keyed=False) as client:
        answer = await client.post(f"{HOME}/places", json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()["known"]


async def test_what_is_here_is_known_to_whose_it_is(place, coalition) -> None:
    mine, theirs = await coalition.token(place), await coalition.token(place, "bank")
    member = {"id": str(coalition.member.id)}
    lines = [{"line": 1, "amount_minor": 100_00}]
    early = {"member": {"partner_ref": "7"}, "receipt": "2", "lines": lines, "keep_unclaimed": True}
    async with place.client(headers=mine) as client:
        for path, key, body in (
            ("purchases", "bought", {"member": member, "receipt": "1", "lines": lines}),
            ("purchases", "early", early),
            ("returns", "back", {"receipt": "3"}),
            ("holds", "held", {"member": member, "points": 1}),
        ):
            answer = await client.post(
                f"{HOME}/{path}", json=body, headers={"Idempotency-Key": key}
            )
            assert answer.status_code == 200, answer.text
    things = [
        ("phone", phone(1)),
        ("receipt", "1"),
        ("receipt", "2"),
        ("waiting", "7"),
        ("hold", "held"),
        ("key", "bought"),
        # A return alone is no receipt yet; nobody is linked by 7.
        ("receipt", "3"),
        ("partner", "7"),
        ("phone", phone(2)),
        ("card", "no card"),
        ("step_up", "no number"),
    ]

    assert await known(place, mine, *things) == [True] * 6 + [False] * 5
    assert await known(place, theirs, *things) == [True] + [False] * 10


async def test_the_front_asks_as_whoever_called(place, coalition) -> None:
    asked = {"things": [{"kind": "phone", "value": phone(1)}]}
    async with place.client(keyed=False) as client:
        assert (await client.post(f"{HOME}/places", json=asked)).status_code == 401
    reader = await coalition.token(place, "reader")
    async with place.client(headers=reader, keyed=False) as client:
        many = {"things": [{"kind": "phone", "value": phone(number)} for number in range(9)]}
        assert (await client.post(f"{HOME}/places", json=asked)).status_code == 200
        assert (await client.post(f"{HOME}/places", json=many)).status_code == 403
    async with place.client(headers=await coalition.token(place), keyed=False) as client:
        wrong = {"things": [{"kind": "name", "value": "x"}]}
        assert (await client.post(f"{HOME}/places", json=wrong)).status_code == 400
