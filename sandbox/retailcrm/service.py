"""The CRM's calls: the API for programs, the page for people, and the control of its moods."""

import asyncio
import json
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from math import ceil
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec

from sandbox.acquirer.wire import Answer, Call
from sandbox.retailcrm import keeping, pages
from sandbox.retailcrm.books import Author, Books, Fields, Refused
from sandbox.retailcrm.lists import ANSWER_NAMES, REFERENCES

LIMITS = (20, 50, 100)
UPLOAD_MAX, STOCK_MAX, INVENTORY_LIMITS = 50, 250, (20, 50, 100, 250)
PARTLY = 460


class Mood(msgspec.Struct):
    """How the API misbehaves. Counts go down with each call concerned.

    `fail`: answer 503 and do nothing. `lose_answers`: do it and cut the connection; with
    `lose_path` only calls whose path contains it count. `is_down`: every call is 503 until told
    otherwise. `history_shuffled`, `history_repeated`: records out of order, or given once more.
    `per_second`: 0 is no limit. `limit_status`: what excess is answered with.
    """

    fail: int = 0
    fail_path: str = ""
    lose_answers: int = 0
    lose_path: str = ""
    slow_seconds: float = 0
    is_down: bool = False
    history_shuffled: bool = False
    history_repeated: bool = False
    per_second: int = 10
    limit_status: int = 503
    unknown_offers: list[str] = []
    clock_offset_seconds: float = 0


@dataclass
class Service:
    """Answers calls. Every API call needs a key."""

    keys: tuple[str, ...]
    books: Books = field(default_factory=Books)
    mood: Mood = field(default_factory=Mood)
    calls: list[tuple[str, str]] = field(default_factory=list)
    recent: dict[str, deque[float]] = field(default_factory=dict)
    over_limit: int = 0
    state: Path | None = None

    async def answer(self, call: Call) -> Answer:
        """Answer one call; what it changed is kept before the answer leaves."""
        answer = await self._answer(call)
        if call.method == "POST":
            keeping.write(self.books, self.state)
        return answer

    async def _answer(self, call: Call) -> Answer:
        parts = call.path.strip("/").split("/")
        if parts[:1] == ["control"]:
            return self._control(call)
        if parts[:1] == ["health"]:
            return Answer.of({"orders": len(self.books.orders)})
        if parts[:1] != ["api"]:
            return pages.answer(self.books, call, parts)
        try:
            return await self._api(call, parts[1:])
        except Refused as refusal:
            body: Fields = {"success": False, "errorMsg": refusal.message}
            if refusal.errors:
                body["errors"] = refusal.errors
            return Answer.of(body, refusal.status)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            return Answer.of({"success": False, "errorMsg": f"Cannot be read: {error!r}"}, 400)

    async def _api(self, call: Call, parts: list[str]) -> Answer:
        mood = self.mood
        query = parse_qs(call.query)
        sent = parse_qs(call.body.decode()) if call.method == "POST" else {}
        if mood.slow_seconds:
            await asyncio.sleep(mood.slow_seconds)
        key = call.headers.get("x-api-key") or _first(query, "apiKey") or _first(sent, "apiKey")
        if key not in self.keys:
            raise Refused('Wrong "apiKey" value.', status=403)
        self._count(key)
        self.calls.append((call.method, "/".join(parts)))
        if mood.is_down or (mood.fail > 0 and mood.fail_path in call.path):
            mood.fail -= 0 if mood.is_down else 1
            raise Refused("Service Unavailable", status=503)
        if parts == ["api-versions"]:
            return Answer.of({"success": True, "versions": ["5.0"]})
        if parts == ["credentials"]:
            return Answer.of(
                {"success": True, "siteAccess": "access_full", "sitesAvailable": self.books.sites}
            )
        if parts[:1] != ["v5"]:
            raise Refused("Not found", status=404)
        by = Author("api", key)
        if call.method == "GET":
            answer = Answer.of(self._read(parts[1:], query, key))
        else:
            answer = self._write(parts[1:], {name: one[0] for name, one in sent.items()}, by)
        if mood.lose_answers > 0 and mood.lose_path in call.path:
            mood.lose_answers -= 1
            answer.cut = True
        return answer

    def _count(self, key: str) -> None:
        if not self.mood.per_second:
            return
        now = time.monotonic()
        recent = self.recent.setdefault(key, deque())
        while recent and now - recent[0] >= 1:
            recent.popleft()
        if len(recent) >= self.mood.per_second:
            self.over_limit += 1
            raise Refused("API limit has been exceeded", status=self.mood.limit_status)
        recent.append(now)

    # -- reading ---------------------------------------------------------------------------------

    def _read(  # noqa: PLR0911 - the table of calls
        self, parts: list[str], query: dict[str, list[str]], key: str
    ) -> Fields:
        books = self.books
        match parts:
            case ["reference", name] if name in REFERENCES:
                listed = REFERENCES[name]
                shown: Any = list(listed.values()) if name == "stores" else listed
                return {"success": True, ANSWER_NAMES[name]: shown}
            case ["orders" | "customers" as kind, "history"]:
                records = books.order_history if kind == "orders" else books.customer_history
                return self._history(records, query, key)
            case ["orders", "statuses"]:
                found = self._filtered(books.orders, query, ids="ids[]", external="externalIds[]")
                names = ("id", "externalId", "status")
                rows = [{n: one[n] for n in names if n in one} for one in found]
                return {"success": True, "orders": rows}
            case ["orders"]:
                found = self._filtered(books.orders, query)
                return self._page("orders", found, query, shown=books.view_order)
            case ["customers"]:
                return self._page("customers", self._filtered(books.customers, query), query)
            case ["orders", number]:
                order = books.order(number, _first(query, "by") or "externalId")
                return {"success": True, "order": books.view_order(order)}
            case ["customers", number]:
                by = _first(query, "by") or "externalId"
                return {"success": True, "customer": books.customer(number, by)}
            case ["store", "inventories"]:
                return self._inventories(query)
            case _:
                raise Refused("Not found", status=404)

    def _history(self, records: list[Fields], query: dict[str, list[str]], key: str) -> Fields:
        since = int(_first(query, "filter[sinceId]") or 0)
        if since and "page" in query:
            raise Refused("Parameters sinceId and page cannot be used together")
        limit, start = _limit(query), _first(query, "filter[startDate]")
        fresh = [one for one in records if one["id"] > since and one["createdAt"] >= start]
        page = int(_first(query, "page") or 1)
        shown = [_seen_by(one, key) for one in fresh[(page - 1) * limit : page * limit]]
        if self.mood.history_repeated and shown:
            again = [one for one in records if one["id"] <= since][-3:]
            shown = [*(_seen_by(one, key) for one in again), *shown, shown[0]]
        if self.mood.history_shuffled:
            random.shuffle(shown)
        return {
            "success": True,
            "generatedAt": self.books.now(),
            "history": shown,
            "pagination": _pagination(len(fresh), limit, page),
        }

    @staticmethod
    def _filtered(
        table: dict[int, Fields],
        query: dict[str, list[str]],
        *,
        ids: str = "filter[ids][]",
        external: str = "filter[externalIds][]",
    ) -> list[Fields]:
        found = list(table.values())
        if ids in query:
            found = [one for one in found if str(one["id"]) in query[ids]]
        if external in query:
            found = [one for one in found if one.get("externalId") in query[external]]
        email, name = _first(query, "filter[email]"), _first(query, "filter[name]")
        if email:
            found = [one for one in found if one.get("email") == email]
        if name:
            digits = "".join(c for c in name if c.isdigit())
            found = [one for one in found if digits and digits in _phones(one)]
        return found

    @staticmethod
    def _page(
        name: str,
        found: list[Fields],
        query: dict[str, list[str]],
        shown: Callable[[Fields], Fields] = dict,
    ) -> Fields:
        limit, page = _limit(query), int(_first(query, "page") or 1)
        rows = [shown(one) for one in found[(page - 1) * limit : page * limit]]
        return {
            "success": True,
            "pagination": _pagination(len(found), limit, page),
            name: rows,
        }

    def _inventories(self, query: dict[str, list[str]]) -> Fields:
        wanted = query.get("filter[offerExternalId][]") or query.get("filter[offerExternalId]")
        offers = [
            {
                "externalId": offer,
                "quantity": sum(stores.values()),
                "stores": [{"store": code, "quantity": n} for code, n in sorted(stores.items())],
            }
            for offer, stores in self.books.stock.items()
            if wanted is None or offer in wanted
        ]
        limit, page = _limit(query, INVENTORY_LIMITS), int(_first(query, "page") or 1)
        return {
            "success": True,
            "pagination": _pagination(len(offers), limit, page),
            "offers": offers[(page - 1) * limit : page * limit],
        }

    # -- writing ---------------------------------------------------------------------------------

    def _write(  # noqa: C901, PLR0911, PLR0912 - the table of calls
        self, parts: list[str], sent: dict[str, str], by: Author
    ) -> Answer:
        books = self.books
        site = sent.get("site", books.sites[0])
        how = sent.get("by", "externalId")
        match parts:
            case ["orders", "create"]:
                order = books.create_order(json.loads(sent["order"]), site, by)
                return _done(id=order["id"], order=books.view_order(order))
            case ["customers", "create"]:
                customer = books.create_customer(json.loads(sent["customer"]), site, by)
                return _done(id=customer["id"])
            case ["orders", "upload"]:
                return self._upload("Orders", json.loads(sent["orders"]), site, by)
            case ["customers", "upload"]:
                return self._upload("Customers", json.loads(sent["customers"]), site, by)
            case ["orders" | "customers" as kind, "fix-external-ids"]:
                return self._fix(kind, json.loads(sent[kind]))
            case ["orders", "combine"]:
                first, result = json.loads(sent["order"]), json.loads(sent["resultOrder"])
                books.combine_orders(
                    books.order(str(first["id"])), books.order(str(result["id"])), by
                )
                return _done()
            case ["customers", "combine"]:
                others = [books.customer(str(c["id"])) for c in json.loads(sent["customers"])]
                result = books.customer(str(json.loads(sent["resultCustomer"])["id"]))
                books.combine_customers(others, result, by)
                return _done()
            case ["orders", "payments", "create"]:
                return _done(id=books.create_payment(json.loads(sent["payment"]), by)["id"])
            case ["orders", "payments", number, "edit"]:
                payment = books.payment(number, how)
                return _done(id=books.edit_payment(payment, json.loads(sent["payment"]), by)["id"])
            case ["orders", "payments", number, "delete"]:
                books.delete_payment(books.payment(number), by)
                return _done()
            case ["orders", number, "edit"]:
                order = books.edit_order(books.order(number, how), json.loads(sent["order"]), by)
                return _done(id=order["id"], order=books.view_order(order))
            case ["customers", number, "edit"]:
                customer = books.customer(number, how)
                books.edit_customer(customer, json.loads(sent["customer"]), by)
                return _done(id=customer["id"], state="edited")
            case ["store", "inventories", "upload"]:
                return self._take_stock(json.loads(sent["offers"]))
            case _:
                raise Refused("Not found", status=404)

    def _upload(self, kind: str, rows: list[Fields], site: str, by: Author) -> Answer:
        if len(rows) > UPLOAD_MAX:
            raise Refused(f"Not more than {UPLOAD_MAX} can be loaded at once")
        create = self.books.create_order if kind == "Orders" else self.books.create_customer
        done: list[Fields] = []
        failed: list[Fields] = []
        errors: dict[str, str] = {}
        for number, row in enumerate(rows):
            try:
                made = create(row, site, by)
            except Refused as refusal:
                failed.append({"externalId": row.get("externalId")})
                errors[str(number)] = "; ".join([refusal.message, *refusal.errors.values()])
            else:
                done.append({"id": made["id"], "externalId": made.get("externalId")})
        body: Fields = {f"uploaded{kind}": done, f"failed{kind}": failed}
        if not errors:
            return _done(**body)
        message = f"{kind} are loaded with errors"
        return Answer.of({"success": False, "errorMsg": message, "errors": errors, **body}, PARTLY)

    def _fix(self, kind: str, rows: list[Fields]) -> Answer:
        table = self.books.orders if kind == "orders" else self.books.customers
        for row in rows:
            taken = [o for o in table.values() if o.get("externalId") == str(row["externalId"])]
            if taken and taken[0]["id"] != int(row["id"]):
                raise Refused("Errors in the input parameters", {"externalId": "already used"})
        for row in rows:
            if int(row["id"]) in table:
                table[int(row["id"])]["externalId"] = str(row["externalId"])
        return _done()

    def _take_stock(self, offers: list[Fields]) -> Answer:
        if len(offers) > STOCK_MAX:
            raise Refused(f"Not more than {STOCK_MAX} offers can be loaded at once")
        unknown = []
        for offer in offers:
            name = str(offer.get("externalId") or offer.get("xmlId"))
            if name in self.mood.unknown_offers:
                unknown.append({"externalId": name})
                continue
            for store in offer["stores"]:
                if store["code"] not in REFERENCES["stores"]:
                    raise Refused("Errors", {"stores": f"Store {store['code']} is not found"})
                self.books.stock.setdefault(name, {})[store["code"]] = float(store["available"])
        count = len(offers) - len(unknown)
        return _done(processedOffersCount=count, notFoundOffers=unknown)

    def _control(self, call: Call) -> Answer:
        if call.method == "POST":
            changed = {**msgspec.to_builtins(self.mood), **msgspec.json.decode(call.body)}
            self.mood = msgspec.convert(changed, Mood)
            self.books.clock_offset = timedelta(seconds=self.mood.clock_offset_seconds)
        return Answer.of(self.mood)


def _done(**facts: Any) -> Answer:
    return Answer.of({"success": True, **facts})


def _first(query: dict[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0]


def _limit(query: dict[str, list[str]], allowed: tuple[int, ...] = LIMITS) -> int:
    limit = int(_first(query, "limit") or allowed[0])
    if limit not in allowed:
        raise Refused("Errors in the input parameters", {"limit": "The value is not allowed."})
    return limit


def _pagination(total: int, limit: int, page: int) -> Fields:
    return {
        "limit": limit,
        "totalCount": total,
        "currentPage": page,
        "totalPageCount": ceil(total / limit),
    }


def _phones(one: Fields) -> str:
    numbers = [p.get("number", "") for p in one.get("phones", ())] or [one.get("phone", "")]
    return " ".join("".join(c for c in number if c.isdigit()) for number in numbers)


def _seen_by(record: Fields, key: str) -> Fields:
    if record["source"] != "api":
        return record
    return {**record, "apiKey": {"current": record["apiKey"]["key"] == key}}
