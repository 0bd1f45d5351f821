"""The process's hold on points, and what makes a feed ready to work."""

from typing import TYPE_CHECKING

from hansa.kernel.money import exponent
from hansa.modules.loyalty import points
from hansa.modules.loyalty.intake.balances import Balances, KeptBalances
from hansa.modules.loyalty.intake.door import Door
from hansa.modules.loyalty.intake.mapping import Engine, Owner, Terms, read_mapping
from hansa.modules.loyalty.intake.model import Feed
from hansa.modules.loyalty.intake.orders import OrderBook
from hansa.modules.loyalty.intake.recording import Recorder
from hansa.modules.loyalty.intake.sealing import Sealer
from hansa.modules.loyalty.intake.working import Worker
from hansa.modules.loyalty.programmes import Directory, Programme

if TYPE_CHECKING:
    from hansa.runtime.context import Context

_ENGINES_KEPT_MAX = 200


class Intake:
    """What every feed of this process shares."""

    def __init__(self, context: "Context") -> None:
        self._context = context
        self._engines: dict[tuple[object, int], Engine] = {}
        self.door: Door = context.service(points.Poster)
        self.balances: Balances = KeptBalances(context.database, context.clock)
        self.sealer = Sealer(context.settings.secret_key.reveal().encode())

    async def start(self) -> None:
        """Nothing waits."""

    async def close(self) -> None:
        """Nothing to finish: every batch is whole."""

    def programme_of(self, feed: Feed) -> Programme:
        """Give the programme of a feed."""
        return self._context.service(Directory).coalition.programmes[feed.programme_id]

    def engine(self, feed: Feed, written: str) -> Engine:
        """Give a feed's mapping, compiled once per version.

        Raises:
            MappingInvalid: it cannot be used.
        """
        place = (feed.id, feed.mapping_version)
        if feed.mapping_version and place in self._engines:
            return self._engines[place]
        made = self.compile(feed, written)
        if feed.mapping_version:
            if len(self._engines) >= _ENGINES_KEPT_MAX:
                self._engines.clear()
            self._engines[place] = made
        return made

    def compile(self, feed: Feed, written: str) -> Engine:
        """Compile a mapping for a feed.

        Raises:
            MappingInvalid: it cannot be used.
        """
        document, programme = read_mapping(written), self.programme_of(feed)
        return Engine(
            document,
            Owner(partner_id=feed.partner_id, programme_id=feed.programme_id),
            Terms(
                decimal=document.source.decimal,
                dates=document.source.dates,
                zone=document.source.zone,
                point_minor=programme.point_minor,
                minor=10 ** exponent(programme.currency),
            ),
        )

    def worker(self, feed: Feed, engine: Engine) -> Worker:
        """Give what carries out a feed's records."""
        return Worker(
            feed=feed,
            engine=engine,
            door=self.door,
            orders=self.orders(feed),
            balances=self.balances,
            point_minor=self.programme_of(feed).point_minor,
        )

    def orders(self, feed: Feed) -> OrderBook:
        """Give the orders of a feed's partner."""
        return OrderBook(
            database=self._context.database,
            door=self.door,
            sealer=self.sealer,
            feed_id=feed.id,
            partner_id=feed.partner_id,
            programme_id=feed.programme_id,
        )

    def recorder(self, feed: Feed, engine: Engine) -> Recorder:
        """Give what writes a feed's records down."""
        coalition = self._context.service(Directory).coalition
        return Recorder(
            feed=feed,
            engine=engine,
            sealer=self.sealer,
            programme=coalition.programmes[feed.programme_id],
            partner=coalition.partners[feed.partner_id],
        )
