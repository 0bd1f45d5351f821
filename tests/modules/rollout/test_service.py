"""What processes know: answers from memory, told to others within seconds."""

from __future__ import annotations

import asyncio
from uuid import UUID

from hansa.assembly.modules import all_modules
from hansa.kernel.identifiers import new_id
from hansa.modules import rollout
from hansa.modules.rollout import PARTS, Reason, State
from hansa.modules.rollout.service import REFRESH_SECONDS
from tests.conftest import NOON
from tests.modules.rollout.conftest import FEATURE, TRIAL, Rolling
from tests.support.http import application

ANNA, BORIS = UUID(int=1), UUID(int=2)
PROMISED_SECONDS = 2.0


async def test_a_feature_nobody_touched_is_off(rolling: Rolling):
    assert rollout.explain(rolling.site.context, "no.such", ANNA).reason is Reason.UNKNOWN
    assert not rollout.is_on(rolling.site.context, FEATURE, ANNA)


async def test_a_change_reaches_another_process_by_itself(rolling: Rolling, settings, clock):
    async with application(
        settings, rolling.database, clock=clock, modules=[*all_modules(), TRIAL]
    ) as other:
        audience = await rolling.audience(ANNA)
        contexts = (rolling.site.context, other.context)

        async def agree(subject: UUID, *, is_on: bool) -> None:
            async with asyncio.timeout(60):  # a busy machine takes longer than the two promised
                while any(rollout.is_on(one, FEATURE, subject) is not is_on for one in contexts):
                    await asyncio.sleep(0.01)

        await rolling.set(state=State.SOME, audience_ids=(audience.id,))
        await agree(ANNA, is_on=True)
        async with rolling.database.transaction() as tx:
            await rollout.add_people(
                tx,
                audience_id=audience.id,
                entries=rollout.read_text(str(BORIS)),
                by=None,
                now=NOON,
            )
        await agree(BORIS, is_on=True)
        await rolling.set(is_killed=True)
        await agree(ANNA, is_on=False)

    assert PROMISED_SECONDS >= 2 * REFRESH_SECONDS


async def test_an_audience_is_known_by_its_code_whether_a_feature_asks_for_it_or_not(
    rolling: Rolling,
):
    audience = await rolling.audience(ANNA)
    service = rolling.site.context.service(rollout.Rollout)
    await service.refresh()

    assert service.is_in(audience.code, ANNA)
    assert not service.is_in(audience.code, BORIS)
    assert not service.is_in("no-such", ANNA)


async def test_a_question_costs_no_statement(rolling: Rolling):
    audience = await rolling.audience(ANNA)
    await rolling.set(state=State.SOME, audience_ids=(audience.id,), parts=1)
    service = rolling.site.context.service(rollout.Rollout)
    await service.refresh()
    await service.close()  # nothing is read any more
    await rolling.set(state=State.OFF)

    assert service.is_on(FEATURE, ANNA)
    assert service.explain(FEATURE, ANNA).audience_id == audience.id


async def test_an_audience_of_many_pieces_is_read_whole(rolling: Rolling, monkeypatch):
    monkeypatch.setattr("hansa.modules.rollout.service.PACKED_STEP", 7)
    people = [new_id(NOON) for _ in range(50)]
    audience = await rolling.audience(*people)
    await rolling.set(state=State.SOME, audience_ids=(audience.id,))
    service = rolling.site.context.service(rollout.Rollout)

    await service.refresh()

    assert all(service.is_on(FEATURE, one) for one in people)
    assert not any(service.is_on(FEATURE, new_id(NOON)) for _ in range(200))


async def test_a_percentage_answers_as_the_rule_itself(rolling: Rolling):
    await rolling.set(state=State.SOME, parts=2_500)
    service = rolling.site.context.service(rollout.Rollout)
    await service.refresh()
    people = [UUID(int=n) for n in range(2_000)]

    has_it = {one for one in people if service.is_on(FEATURE, one)}

    assert has_it == {one for one in people if rollout.part_of(FEATURE, "", one) < PARTS // 4}
