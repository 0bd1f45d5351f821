"""Calls to the API v5 of RetailCRM, under the key's rate, repeated when it says "later"."""

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

import msgspec

from hansa.kernel.errors import HansaError, Rejected, Unavailable
from hansa.modules import accounts
from hansa.modules.retailcrm.model import PAGE_MAX, Connection
from hansa.modules.retailcrm.store import connections
from hansa.runtime.context import Context
from hansa.runtime.outbound import (
    Answer,
    Destination,
    DestinationFailed,
    NoAnswer,
    TooManyRequests,
)

_LISTS = {
    "statuses": ("statuses", "statuses"),
    "payment_types": ("payment-types", "paymentTypes"),
    "payment_statuses": ("payment-statuses", "paymentStatuses"),
    "delivery_types": ("delivery-types", "deliveryTypes"),
    "stores": ("stores", "stores"),
    "sites": ("sites", "sites"),
}
_TRIES = 5
_PAUSE_SECONDS = 0.3
_BUSY = 503
_KEY_REFUSED = {401, 403}
_PARTLY = 460
_NOT_FOUND = 404

Json = dict[str, Any]


@dataclass(eq=False)
class CrmRefused(Rejected):
    """RetailCRM says no, and will say no again."""

    code: ClassVar[str] = "retailcrm.refused"
    message: ClassVar[str] = "RetailCRM refused: {reason}."

    reason: str
    status: int


@dataclass(eq=False)
class KeyRefused(Unavailable):
    """The key is wrong, or may not do this; nothing works until a person changes it."""

    code: ClassVar[str] = "retailcrm.key_refused"
    message: ClassVar[str] = "RetailCRM does not accept the key: {reason}."

    reason: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of each row of an upload, by our id: the CRM's id, or why not."""

    done: Mapping[str, int]
    refused: Mapping[str, str]


class Crm:
    """One account of RetailCRM. Its calls stand between transactions."""

    def __init__(self, context: Context, connection: Connection) -> None:
        self._context = context
        self._connection = connection
        self._name = f"retailcrm-{connection.id}"
        secret = context.settings.secret_key.reveal().encode()
        key = accounts.unseal(secret, connection.sealed_key).decode()
        context.outbound.configure(
            Destination(
                name=self._name,
                base_url=connection.address.rstrip("/") + "/api",
                headers={"X-API-KEY": key},
                connect_seconds=3,
                read_seconds=20,
                total_seconds=30,
                attempts=1,
                failures_to_open=1_000,  # the exchange pauses by itself, for all processes
                connections_max=4,
            )
        )

    # -- reading -------------------------------------------------------------------------------

    async def lists(self) -> dict[str, dict[str, str]]:
        """Give the reference lists: names by code."""
        found: dict[str, dict[str, str]] = {}
        for name, (path, key) in _LISTS.items():
            answer = await self._get(f"/v5/reference/{path}")
            entries = answer.get(key) or {}
            listed = entries.values() if isinstance(entries, dict) else entries
            found[name] = {
                one["code"]: one.get("name") or one["code"]
                for one in listed
                if one.get("active", True)
            }
        return found

    async def history(self, kind: str, *, since_id: int, start: str = "") -> tuple[list[Json], int]:
        """Give records of a history behind a number, and how many more there are.

        The vendor refuses `sinceId` together with `page`: whoever reads on gives the last number.
        """
        query = {"limit": str(PAGE_MAX)}
        if since_id:
            query["filter[sinceId]"] = str(since_id)
        elif start:
            query["filter[startDate]"] = start
        answer = await self._get(f"/v5/{kind}/history", query)
        records: list[Json] = answer.get("history") or []
        total = int((answer.get("pagination") or {}).get("totalCount", len(records)))
        return records, max(0, total - len(records))

    async def by_ids(self, kind: str, crm_ids: Sequence[int]) -> dict[int, Json]:
        """Give up to a hundred orders or customers by the CRM's ids; those gone are left out."""
        return await self._listed(kind, "filter[ids][]", [str(one) for one in crm_ids])

    async def by_external_ids(self, kind: str, ids: Sequence[str]) -> dict[str, Json]:
        """Give up to a hundred orders or customers by our ids."""
        found = await self._listed(kind, "filter[externalIds][]", ids)
        return {str(one["externalId"]): one for one in found.values()}

    async def _listed(self, kind: str, name: str, values: Sequence[str]) -> dict[int, Json]:
        if not values:
            return {}
        pairs = [("limit", str(PAGE_MAX)), *((name, one) for one in values)]
        answer = await self._get(f"/v5/{kind}?{urlencode(pairs)}")
        return {int(one["id"]): one for one in answer.get(kind) or []}

    async def page(self, kind: str, number: int) -> tuple[list[Json], bool]:
        """Give a page of all orders or customers, and whether more follow."""
        answer = await self._get(f"/v5/{kind}", {"limit": str(PAGE_MAX), "page": str(number)})
        pages = int((answer.get("pagination") or {}).get("totalPageCount", 1))
        return answer.get(kind) or [], number < pages

    async def find_customers(self, *, phone: str = "", email: str = "") -> list[Json]:
        """Give customers with a telephone or an e-mail."""
        query = {"filter[email]": email} if email else {"filter[name]": phone}
        answer = await self._get("/v5/customers", {**query, "limit": "20"})
        found: list[Json] = answer.get("customers") or []
        return found

    # -- writing -------------------------------------------------------------------------------

    async def create(self, kind: str, site: str, body: Json) -> int:
        """Make an order or a customer; give its id."""
        form = {"site": site, kind: _json(body)}
        return int((await self._post(f"/v5/{kind}s/create", form))["id"])

    async def edit(self, kind: str, crm_id: int, site: str, body: Json) -> None:
        """Change an order or a customer."""
        form = {"by": "id", "site": site, kind: _json(body)}
        await self._post(f"/v5/{kind}s/{crm_id}/edit", form)

    async def upload(self, kind: str, site: str, rows: Sequence[Json]) -> Uploaded:
        """Make up to fifty at once; each is made or refused by itself."""
        answer = await self._post(
            f"/v5/{kind}s/upload", {"site": site, f"{kind}s": _json(rows)}, partly=True
        )
        name = f"{kind}s".capitalize()
        done = {
            str(one["externalId"]): int(one["id"]) for one in answer.get(f"uploaded{name}") or []
        }
        errors = answer.get("errors") or {}
        listed = errors.items() if isinstance(errors, dict) else enumerate(errors)
        reasons = {str(number): str(text) for number, text in listed}
        refused = {
            str(row["externalId"]): reasons.get(str(number), str(answer.get("errorMsg", "")))
            for number, row in enumerate(rows)
            if str(row["externalId"]) not in done
        }
        return Uploaded(done, refused)

    async def fix_external_id(self, kind: str, crm_id: int, external_id: str) -> None:
        """Tell the CRM our id of what was made there."""
        rows = _json([{"id": crm_id, "externalId": external_id}])
        await self._post(f"/v5/{kind}s/fix-external-ids", {f"{kind}s": rows})

    async def combine_customers(self, *, keep: int, absorb: int) -> None:
        """Make one customer of two."""
        form = {"customers": _json([{"id": absorb}]), "resultCustomer": _json({"id": keep})}
        await self._post("/v5/customers/combine", form)

    async def create_payment(self, site: str, body: Json) -> int:
        """Add a payment to an order; give its id."""
        form = {"site": site, "payment": _json(body)}
        return int((await self._post("/v5/orders/payments/create", form))["id"])

    async def edit_payment(self, crm_id: int, site: str, body: Json) -> None:
        """Change a payment."""
        form = {"by": "id", "site": site, "payment": _json(body)}
        await self._post(f"/v5/orders/payments/{crm_id}/edit", form)

    async def upload_stock(self, offers: Sequence[Json]) -> frozenset[str]:
        """Tell the stock of up to 250 offers; give those the CRM does not know."""
        answer = await self._post("/v5/store/inventories/upload", {"offers": _json(offers)})
        unknown = answer.get("notFoundOffers") or []
        return frozenset(str(one.get("externalId")) for one in unknown)

    # -- the call itself -----------------------------------------------------------------------

    async def _get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        return await self._call("GET", path + (f"?{urlencode(query)}" if query else ""))

    async def _post(self, path: str, form: Mapping[str, str], *, partly: bool = False) -> Json:
        return await self._call("POST", path, form, partly=partly)

    async def _call(
        self, method: str, path: str, form: Mapping[str, str] | None = None, *, partly: bool = False
    ) -> Json:
        for attempt in range(1, _TRIES + 1):
            await self._wait_for_turn()
            try:
                answer = await self._send(method, path, form)
            except (DestinationFailed, TooManyRequests) as failure:
                # Both say that nothing was done: the call may be repeated, a little later.
                is_busy = isinstance(failure, TooManyRequests) or failure.status == _BUSY
                if not is_busy or attempt == _TRIES:
                    raise
                await asyncio.sleep(_pause(attempt, failure))
            else:
                return self._read(answer, partly=partly)
        raise AssertionError("the last attempt returns or raises")

    async def _send(self, method: str, path: str, form: Mapping[str, str] | None) -> Answer:
        headers = {} if form is None else {"content-type": "application/x-www-form-urlencoded"}
        content = None if form is None else urlencode(form).encode()
        return await self._context.outbound.send(
            self._name, method, path, headers=headers, content=content
        )

    def _read(self, answer: Answer, *, partly: bool) -> Json:
        try:
            told = answer.json(Json)
        except msgspec.DecodeError as error:
            raise NoAnswer(
                self._name, "an answer that is not understood", maybe_done=True
            ) from error
        if answer.status in _KEY_REFUSED:
            raise KeyRefused(_reason(told))
        if answer.ok and told.get("success", True):
            return told
        if partly and answer.status in {_PARTLY, 200, 400} and "errors" in told:
            return told
        raise CrmRefused(_reason(told), answer.status)

    async def _wait_for_turn(self) -> None:
        # A burst of a fifth and the rest evenly, one less for what the network draws together,
        # never exceed the limit within any second.
        limit = max(1, self._connection.options.requests_per_second)
        burst = max(1, limit // 5)
        rate = max(1, limit - burst - 1)
        asked = {"id": self._connection.id, "burst": burst, "rate": rate}
        while True:
            async with self._context.database.transaction() as tx:
                if await tx.execute(connections.TAKE_TURN, asked):
                    return
            await asyncio.sleep(1 / rate)


def is_missing(refusal: CrmRefused) -> bool:
    """Say whether the CRM does not have the thing (any more)."""
    return refusal.status == _NOT_FOUND


def is_taken(refusal: CrmRefused | str) -> bool:
    """Say whether the CRM has something under this id already: an answer of ours got lost."""
    text = refusal if isinstance(refusal, str) else refusal.reason
    return "already exists" in text


def reason_of(failure: HansaError) -> str:
    """Give what the CRM said, or what went wrong here, as a text to keep."""
    return failure.reason if isinstance(failure, CrmRefused | KeyRefused) else str(failure)


def _pause(attempt: int, failure: DestinationFailed | TooManyRequests) -> float:
    grown = _PAUSE_SECONDS * 2.0 ** (attempt - 1)
    jittered: float = grown * random.uniform(0.7, 1.3)  # noqa: S311 - spreads load, guards nothing
    return max(jittered, failure.retry_after_seconds)


def _reason(told: Json) -> str:
    errors = told.get("errors") or {}
    listed = errors.items() if isinstance(errors, dict) else enumerate(errors)
    parts = [str(told.get("errorMsg") or "no reason given").rstrip(".")]
    parts += [f"{name}: {text}".rstrip(".") for name, text in listed]
    return "; ".join(parts)[:1000]


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()
