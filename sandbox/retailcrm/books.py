"""What the CRM keeps: orders, customers, payments, stock, and the history of every change."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.retailcrm.lists import OWN_STATUS, REFERENCES

Fields = dict[str, Any]

ORDER_FIELDS = frozenset(
    {
        "number", "firstName", "lastName", "patronymic", "phone", "email", "status",
        "statusComment", "managerComment", "customerComment", "orderMethod", "orderType",
        "delivery", "items", "discountManualAmount", "customer", "countryIso", "shipmentStore",
        "createdAt",
    }
)  # fmt: skip
CUSTOMER_FIELDS = frozenset(
    {"firstName", "lastName", "patronymic", "phones", "email", "birthday", "address", "createdAt"}
)
PAYMENT_FIELDS = frozenset({"type", "status", "amount", "paidAt", "comment"})


@dataclass
class Refused(Exception):
    """The vendor's error answer."""

    message: str
    errors: dict[str, str] = field(default_factory=dict)
    status: int = 400


@dataclass(frozen=True)
class Author:
    """Who makes a change: a person at a page, or a program by its key."""

    source: str
    key: str = ""


MANAGER = Author("user")


@dataclass
class Books:
    """All that is kept, in memory."""

    orders: dict[int, Fields] = field(default_factory=dict)
    customers: dict[int, Fields] = field(default_factory=dict)
    payments: dict[int, Fields] = field(default_factory=dict)
    stock: dict[str, dict[str, float]] = field(default_factory=dict)
    order_history: list[Fields] = field(default_factory=list)
    customer_history: list[Fields] = field(default_factory=list)
    clock_offset: timedelta = timedelta(0)
    last_id: int = 0
    time_zone: str = "Europe/Moscow"
    sites: tuple[str, ...] = ("shop-ru", "shop-kz")

    def next_id(self) -> int:
        """Draw a number."""
        self.last_id += 1
        return self.last_id

    def now(self) -> str:
        """Tell the time of the account's own clock in the CRM's spelling."""
        local = datetime.now(ZoneInfo(self.time_zone)) + self.clock_offset
        return local.strftime("%Y-%m-%d %H:%M:%S")

    # -- finding -------------------------------------------------------------------------------

    def order(self, key: str, by: str = "id") -> Fields:
        """Find an order."""
        return self._found(self.orders, key, by)

    def customer(self, key: str, by: str = "id") -> Fields:
        """Find a customer."""
        return self._found(self.customers, key, by)

    def payment(self, key: str, by: str = "id") -> Fields:
        """Find a payment."""
        return self._found(self.payments, key, by)

    @staticmethod
    def _found(table: dict[int, Fields], key: str, by: str) -> Fields:
        for one in table.values():
            if str(one.get("externalId" if by == "externalId" else "id", "")) == key and key:
                return one
        raise Refused("Not found", status=404)

    def _free(self, table: dict[int, Fields], external: str, site: str, what: str) -> None:
        if external and any(
            one.get("externalId") == external and one.get("site", site) == site
            for one in table.values()
        ):
            raise Refused(f"{what} with externalId={external} already exists.")

    # -- orders --------------------------------------------------------------------------------

    def create_order(self, sent: Fields, site: str, by: Author) -> Fields:
        """Keep a new order."""
        self._site(site)
        external = str(sent.get("externalId") or "")
        self._free(self.orders, external, site, "Order")
        self._check_order(sent)
        number = self.next_id()
        order: Fields = {
            "id": number,
            "number": f"{number}A",
            "site": site,
            "status": OWN_STATUS,
            "createdAt": self.now(),
            "items": [],
            "delivery": {},
            **self._known(sent, ORDER_FIELDS),
        }
        if external:
            order["externalId"] = external
        self._bind_customer(order, site, by)
        self._number_items(order)
        self.orders[number] = order
        for payment in sent.get("payments") or ():
            self.create_payment({**payment, "order": {"id": number}}, by, quietly=True)
        self._note_order(order, by, created=True)
        return order

    def edit_order(self, order: Fields, sent: Fields, by: Author) -> Fields:
        """Change an order, field by field."""
        self._check_order(sent)
        for name, value in self._known(sent, ORDER_FIELDS).items():
            if name == "delivery":
                self._edit_delivery(order, value, by)
                continue
            old = order.get(name)
            if old == value or (name == "items" and _same_items(old or [], value)):
                continue
            order[name] = value
            if name == "items":
                self._number_items(order)
            if name == "customer":
                self._bind_customer(order, order["site"], by)
            self._note_order(order, by, field=_snake(name), old=_plain(old), new=_plain(value))
        return order

    def _edit_delivery(self, order: Fields, sent: Fields, by: Author) -> None:
        delivery = order.setdefault("delivery", {})
        for name, value in sent.items():
            old = delivery.get(name)
            if name == "address":
                value = {**(old or {}), **value}  # noqa: PLW2901 - parts left out stay
            if old != value:
                delivery[name] = value
                field_name = f"delivery_{_snake(name)}"
                self._note_order(order, by, field=field_name, old=_plain(old), new=_plain(value))

    def combine_orders(self, order: Fields, result: Fields, by: Author) -> None:
        """Put one order into another; the first is gone."""
        if order is result:
            raise Refused("Orders must differ")
        result["items"] = [*result["items"], *order["items"]]
        self.orders.pop(order["id"])
        self._note_order(order, by, deleted=True, combinedTo=_brief(result))
        self._note_order(result, by, field="order_product", old=None, new=None)

    def _check_order(self, sent: Fields) -> None:
        errors = {}
        if "status" in sent and sent["status"] not in REFERENCES["statuses"]:
            errors["status"] = f'"Status" with code "{sent["status"]}" does not exist.'
        for item in sent.get("items") or ():
            if float(item.get("quantity", 1)) <= 0:
                errors["items[0].quantity"] = "This value should be greater than 0."
        code = (sent.get("delivery") or {}).get("code")
        if code and code not in REFERENCES["delivery-types"]:
            errors["delivery.code"] = '"DeliveryType" does not exist.'
        if errors:
            raise Refused("Order is not loaded", errors)

    def _bind_customer(self, order: Fields, site: str, by: Author) -> None:
        told = order.get("customer") or {}
        found: Fields | None = None
        if told.get("id"):
            found = self.customer(str(told["id"]))
        elif told.get("externalId"):
            found = self.customer(str(told["externalId"]), "externalId")
        elif by.source == "user" and (order.get("phone") or order.get("email")):
            found = self._customer_like(order) or self.create_customer(
                {
                    "firstName": order.get("firstName", ""),
                    "lastName": order.get("lastName", ""),
                    "email": order.get("email", ""),
                    "phones": [{"number": order["phone"]}] if order.get("phone") else [],
                },
                site,
                by,
            )
        order["customer"] = {} if found is None else _brief(found)

    def _customer_like(self, order: Fields) -> Fields | None:
        phone, email = order.get("phone"), order.get("email")
        for one in self.customers.values():
            if phone and any(p.get("number") == phone for p in one.get("phones", ())):
                return one
            if email and one.get("email") == email:
                return one
        return None

    def _number_items(self, order: Fields) -> None:
        for item in order["items"]:
            item.setdefault("id", self.next_id())
            item.setdefault("quantity", 1)

    # -- payments ------------------------------------------------------------------------------

    def create_payment(self, sent: Fields, by: Author, *, quietly: bool = False) -> Fields:
        """Keep a payment of an order."""
        told = sent.get("order") or {}
        key, how = (told["id"], "id") if told.get("id") else (told.get("externalId"), "externalId")
        order = self.order(str(key), how)
        if sent.get("type") not in REFERENCES["payment-types"]:
            raise Refused("Errors in the entity format", {"type": "This value is not valid."})
        self._check_payment(sent)
        external = str(sent.get("externalId") or "")
        self._free(self.payments, external, "", "Payment")
        payment: Fields = {
            "id": self.next_id(),
            "order": {"id": order["id"]},
            "status": "not-paid",
            **self._known(sent, PAYMENT_FIELDS),
        }
        if external:
            payment["externalId"] = external
        self.payments[payment["id"]] = payment
        if not quietly:
            self._note_order(order, by, field="payments", new=payment["id"], payment=payment)
        return payment

    def edit_payment(self, payment: Fields, sent: Fields, by: Author) -> Fields:
        """Change a payment."""
        self._check_payment(sent)
        order = self.orders[payment["order"]["id"]]
        if sent.get("externalId"):
            payment["externalId"] = str(sent["externalId"])
        for name, value in self._known(sent, PAYMENT_FIELDS).items():
            old = payment.get(name)
            if old != value:
                payment[name] = value
                field_name = f"payments.{_snake(name)}"
                self._note_order(order, by, field=field_name, old=old, new=value, payment=payment)
        return payment

    def delete_payment(self, payment: Fields, by: Author) -> None:
        """Forget a payment."""
        self.payments.pop(payment["id"])
        order = self.orders[payment["order"]["id"]]
        self._note_order(order, by, field="payments", old=payment["id"], payment=payment)

    @staticmethod
    def _check_payment(sent: Fields) -> None:
        if "status" in sent and sent["status"] not in REFERENCES["payment-statuses"]:
            raise Refused("Errors in the entity format", {"status": "This value is not valid."})

    def view_order(self, order: Fields) -> Fields:
        """Give an order with its payments and sums, as the API shows it."""
        mine = [p for p in self.payments.values() if p["order"]["id"] == order["id"]]
        goods = sum(
            (float(i.get("initialPrice", 0)) - float(i.get("discountManualAmount", 0)))
            * float(i["quantity"])
            for i in order["items"]
        )
        cost = float(order.get("delivery", {}).get("cost", 0) or 0)
        discount = float(order.get("discountManualAmount", 0) or 0)
        shown = {p["externalId"] if p.get("externalId") else str(p["id"]): _bare(p) for p in mine}
        return {
            **order,
            "payments": shown or [],
            "summ": round(goods, 2),
            "totalSumm": round(goods - discount + cost, 2),
        }

    # -- customers -----------------------------------------------------------------------------

    def create_customer(self, sent: Fields, site: str, by: Author) -> Fields:
        """Keep a new customer."""
        self._site(site)
        external = str(sent.get("externalId") or "")
        self._free(self.customers, external, site, "Customer")
        _check_customer(sent)
        customer: Fields = {
            "id": self.next_id(),
            "site": site,
            "createdAt": self.now(),
            "phones": [],
            **self._known(sent, CUSTOMER_FIELDS),
        }
        if external:
            customer["externalId"] = external
        self.customers[customer["id"]] = customer
        self._note_customer(customer, by, created=True)
        return customer

    def edit_customer(self, customer: Fields, sent: Fields, by: Author) -> Fields:
        """Change a customer, field by field."""
        _check_customer(sent)
        for name, value in self._known(sent, CUSTOMER_FIELDS).items():
            old = customer.get(name)
            if old != value:
                customer[name] = value
                self._note_customer(
                    customer, by, field=_snake(name), old=_plain(old), new=_plain(value)
                )
        return customer

    def combine_customers(self, others: list[Fields], result: Fields, by: Author) -> None:
        """Put customers into one; the others are gone, their orders and telephones are its own."""
        if any(one is result for one in others) or not others:
            raise Refused("Customers must differ")
        known = {p["number"] for p in result["phones"]}
        for one in others:
            self.customers.pop(one["id"])
            for order in self.orders.values():
                if (order.get("customer") or {}).get("id") == one["id"]:
                    order["customer"] = _brief(result)
            fresh = [p for p in one["phones"] if p["number"] not in known]
            result["phones"] = [*result["phones"], *fresh]
            known |= {p["number"] for p in fresh}
            result["email"] = result.get("email") or one.get("email", "")
            self._note_customer(one, by, deleted=True, combinedTo=_brief(result))

    # -- what is written of each change ----------------------------------------------------------

    def _note_order(self, order: Fields, by: Author, **facts: Any) -> None:
        order["version"] = order.get("version", 0) + 1
        whole = self.view_order(order) if facts.get("created") else _brief(order)
        record = self._record(len(self.order_history) + 1, by, facts)
        self.order_history.append({**record, "order": {**whole, "status": order["status"]}})

    def _note_customer(self, customer: Fields, by: Author, **facts: Any) -> None:
        whole = dict(customer) if facts.get("created") else _brief(customer)
        record = self._record(len(self.customer_history) + 1, by, facts)
        self.customer_history.append({**record, "customer": whole})

    def _record(self, number: int, by: Author, facts: Fields) -> Fields:
        facts = dict(facts)
        old, new = facts.pop("old", None), facts.pop("new", None)
        record: Fields = {"id": number, "createdAt": self.now(), "source": by.source, **facts}
        if "field" in facts:
            record |= {"oldValue": old, "newValue": new}
        if by.source == "user":
            record["user"] = {"id": 1}
        if by.source == "api":
            record["apiKey"] = {"key": by.key}
        return record

    def _site(self, site: str) -> None:
        if site not in self.sites:
            raise Refused("API access to this site is denied", {"site": "Site is not found."})

    @staticmethod
    def _known(sent: Fields, names: frozenset[str]) -> Fields:
        return {name: value for name, value in sent.items() if name in names}


def _check_customer(sent: Fields) -> None:
    email = sent.get("email")
    if email and "@" not in str(email):
        raise Refused("Customer is not loaded", {"email": "This value is not a valid email."})


def _brief(whole: Fields) -> Fields:
    return {name: whole[name] for name in ("id", "externalId", "site") if name in whole}


def _bare(payment: Fields) -> Fields:
    return {name: value for name, value in payment.items() if name != "order"}


def _same_items(old: list[Fields], new: list[Fields]) -> bool:
    bare = [[{k: v for k, v in i.items() if k != "id"} for i in items] for items in (old, new)]
    return bare[0] == bare[1]


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | None) else str(value)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
