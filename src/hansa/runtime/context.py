"""What a process has at hand: settings, database, storage, outbound client, clock, services."""

from collections.abc import Iterable
from typing import TypeVar, cast

from hansa.runtime.clock import Clock
from hansa.runtime.database import Database
from hansa.runtime.module import Service
from hansa.runtime.outbound import Outbound
from hansa.runtime.settings import Settings
from hansa.runtime.storage import Storage

S = TypeVar("S", bound=Service)


class Context:
    """The services of one process; made by the assembly, opened before and closed after use."""

    def __init__(
        self,
        *,
        settings: Settings,
        database: Database,
        storage: Storage,
        outbound: Outbound,
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.database = database
        self.storage = storage
        self.outbound = outbound
        self.clock = clock
        self._services: dict[type[Service], Service] = {}

    def service(self, kind: type[S]) -> S:
        """Give the process's object of a declared service class."""
        return cast("S", self._services[kind])

    async def open(self, services: Iterable[type[Service]]) -> None:
        """Open the database, then make and start the services in order."""
        await self.database.open()
        for kind in services:
            service = kind(self)
            self._services[kind] = service
            await service.start()

    async def close_services(self) -> None:
        """Close the services in reverse order; what they stand on may serve others."""
        for service in reversed(list(self._services.values())):
            await service.close()
        self._services.clear()

    async def close(self) -> None:
        """Close the services in reverse order, then the outbound client and the database."""
        await self.close_services()
        await self.outbound.close()
        await self.database.close()
