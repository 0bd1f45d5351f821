"""The door to points: commands go in one by one and are answered in batches."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hansa.kernel.errors import HansaError
from hansa.modules import ledger
from hansa.modules.loyalty import guard, offers
from hansa.modules.loyalty.points import sanity
from hansa.modules.loyalty.points.batch import Answered, Asked, Overtaken
from hansa.modules.loyalty.points.commands import Command, Receipt
from hansa.modules.loyalty.points.engine import Answer, Surroundings, apply
from hansa.modules.loyalty.programmes import Directory
from hansa.runtime.database import Batcher, Transaction

if TYPE_CHECKING:
    from hansa.runtime.context import Context

ATTEMPTS_MAX = 25
_BEGIN_AGAIN = (ledger.KeyTaken, Overtaken)
SLOTS = 64


class _Dry(Exception):
    """Rolls a try back; carries its answers."""

    def __init__(self, answers: list[Answer]) -> None:
        super().__init__()
        self.answers = answers


def _roll_back(answers: list[Answer]) -> None:
    raise _Dry(answers)


class Poster:
    """Takes commands of points; one per process.

    Promises: the answer comes after the commit; a key has one outcome for ever, refusals that hang
    on what was there included; nothing is half done; whatever arrives at once and however many
    processes work, no point is lost or doubled.
    """

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._clock = context.clock
        self._database = context.database
        self._directory = context.service(Directory)
        self._rulebook = context.service(offers.Rulebook)
        self._watch = context.service(guard.Watch)
        self._slot = os.getpid() % SLOTS
        self._batcher: Batcher[Asked, Answered] = Batcher(
            context.database,
            self._apply,
            name="loyalty.points",
            limit=context.settings.batch_commands_max,
            queue_limit=context.settings.batch_queue_max,
        )

    async def start(self) -> None:
        """Begin to take commands."""
        await self._batcher.start()

    async def close(self) -> None:
        """Answer those that wait, then stop."""
        await self._batcher.close()

    async def submit(self, command: Command) -> Receipt:
        """Do what a command asks for, once; give its answer, the same for a repeat.

        Raises:
            HansaError: one of the refusals of `points.refusals`, or the process is busy.
        """
        return (await self.post(command)).receipt

    async def post(self, command: Command, *, content: bytes | None = None) -> Answered:
        """Do the same; give the answer as it is kept, in bytes.

        `content` is what a repeat must bring again if that is not the whole command: what was sent,
        without what was filled in here.

        Raises:
            HansaError: as `submit`.
        """
        asked = self._asked(command, content)
        for _ in range(ATTEMPTS_MAX - 1):
            try:
                return await self._batcher.submit(asked)
            except _BEGIN_AGAIN:
                continue
        return await self._batcher.submit(asked)

    async def post_all(self, commands: Sequence[tuple[Command, bytes]]) -> list[Answer]:
        """Do many commands, each with its content, in their order; one by one refused or done."""
        answers: dict[int, Answer] = {}
        asked: dict[int, Asked] = {}
        for place, (command, content) in enumerate(commands):
            try:
                asked[place] = self._asked(command, content)
            except HansaError as error:
                answers[place] = error
        for _ in range(ATTEMPTS_MAX):
            given = await self._batcher.submit_all(list(asked.values()))
            answers.update(zip(asked, given, strict=True))
            asked = {
                place: one
                for place, one in asked.items()
                if isinstance(answers[place], _BEGIN_AGAIN)
            }
            if not asked:
                break
        return [answers[place] for place in range(len(commands))]

    async def try_out_each(self, commands: Sequence[Command]) -> list[Answer]:
        """Try commands out together; what is wrong with one by itself does not touch the others."""
        answers: list[Answer | None] = [None] * len(commands)
        sane: list[int] = []
        for place, command in enumerate(commands):
            try:
                sanity.check(command, now=self._clock.now())
            except HansaError as error:
                answers[place] = error
            else:
                sane.append(place)
        given = await self.try_out([commands[place] for place in sane]) if sane else []
        for place, answer in zip(sane, given, strict=True):
            answers[place] = answer
        return [one for one in answers if one is not None]

    async def try_out(self, commands: Sequence[Command]) -> list[Answer]:
        """Give the answers commands would get now, together and in this order; nothing is done."""
        asked = [self._asked(command) for command in commands]
        try:
            async with self._database.transaction() as tx:
                _roll_back(await self._apply(tx, asked, is_dry=True))
        except _Dry as dry:
            return dry.answers
        raise AssertionError("a try always rolls back")

    def _asked(self, command: Command, content: bytes | None = None) -> Asked:
        sanity.check(command, now=self._clock.now())
        if content is None:
            return Asked(command, sanity.fingerprint_of(command))
        return Asked(command, sanity.digest(type(command).__name__, content))

    async def _apply(
        self, tx: Transaction, asked: list[Asked], *, is_dry: bool = False
    ) -> list[Answer]:
        return await apply(
            tx,
            asked,
            around=Surroundings(
                self._directory.coalition,
                self._rulebook.rules,
                self._slot,
                self._watch.rules,
                audiences=offers.audiences_of(self._context),
                is_dry=is_dry,
            ),
            now=self._clock.now(),
        )
