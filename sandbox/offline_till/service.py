"""Answers calls of whoever stands at the till: sell, go offline, send the queue."""

from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from sandbox.acquirer.wire import Answer, Call
from sandbox.offline_till.till import NotSold, Till


class _Sale(msgspec.Struct):
    card: str
    amount: int
    points: int = 0


class _Sending(msgspec.Struct):
    shuffle: bool = False
    twice: bool = False


class _Line(msgspec.Struct):
    is_online: bool


@dataclass
class Service:
    """A till behind HTTP."""

    till: Till

    async def answer(self, call: Call) -> Answer:
        """Answer one call."""
        try:
            return await self._route(call, call.path.strip("/").split("/"))
        except NotSold as error:
            return Answer.of({"error": str(error)}, 409)
        except (ConnectionError, httpx.HTTPError) as error:
            return Answer.of({"error": str(error)}, 502)
        except (msgspec.DecodeError, UnicodeDecodeError, LookupError, ValueError) as error:
            return Answer.of({"error": str(error)}, 400)

    async def _route(self, call: Call, parts: list[str]) -> Answer:
        till = self.till
        match call.method, parts:
            case "POST", ["sales"]:
                sale = msgspec.json.decode(call.body, type=_Sale)
                return Answer.of({"receipt": await till.sell(sale.card, sale.amount, sale.points)})
            case "GET", ["balances", card]:
                return Answer.of(await till.balance(card))
            case "POST", ["line"]:
                till.is_online = msgspec.json.decode(call.body, type=_Line).is_online
                return Answer.of({"is_online": till.is_online})
            case "POST", ["queue"]:
                how = msgspec.json.decode(call.body or b"{}", type=_Sending)
                await till.send_queue(shuffle=how.shuffle, twice=how.twice)
                return Answer.of(self._state())
            case "GET", ["queue"] | ["health"]:
                return Answer.of(self._state())
            case _:
                return Answer.of({"error": "not found"}, 404)

    def _state(self) -> dict[str, Any]:
        return {
            "is_online": self.till.is_online,
            "waiting": len(self.till.queue),
            "answers": self.till.answers,
        }
