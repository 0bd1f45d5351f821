"""What the pages about goods share: words, addresses, notices of a change, files to download."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Response

from hansa.kernel.text import Localised
from hansa.modules import accounts, markets
from hansa.runtime.database import Snapshot
from hansa.runtime.html import Form, Page
from hansa.runtime.http import Request, go_to
from hansa.surfaces.backoffice.shell import page

PAGE_ROWS = 50
EXPORT_ROWS_MAX = 100_000
LANGUAGES = ("ru", "en")

_REFERENCE = re.compile(r"[0-9a-f_-]{1,60}")
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

# What is said after a change, and the address that takes it back.
NOTICES: Mapping[str, tuple[str, str]] = {
    "saved": ("Saved.", ""),
    "created": ("Created.", ""),
    "archived": ("The product is archived.", "/office/catalogue/products/{of}/restore"),
    "restored": ("The product is back.", "/office/catalogue/products/{of}/archive"),
    "reset": ("The next import may write this field again.", ""),
    "price": ("The price is changed.", "/office/prices/changes/{of}/undo"),
    "price_undone": ("The former price is back.", ""),
    "repeated": ("The file waits to be imported again.", ""),
    "uploaded": ("The files are here and wait for their turn.", ""),
    "applied": ("It will be carried out now.", ""),
    "dismissed": ("Nothing is taken away.", ""),
    "extended": ("The shop has more time.", ""),
    "question_withdrawn": ("The goods are looked for elsewhere.", ""),
    "answer_taken": ("The answer is written down.", ""),
    "shop_asked": ("The shop is being asked.", ""),
    "asked_again": ("Everybody may be asked again.", ""),
    "given_up": ("It is given up; its money goes back.", ""),
    "taken_back": ("It is looked for elsewhere; the stock is corrected.", ""),
    "rule_removed": ("The rule is removed.", ""),
    "order_cancelled": ("The order is cancelled, its goods are on sale again.", ""),
    "noted": ("The note is added.", ""),
    "refund_asked": ("The money goes back; the bank is being asked.", ""),
    "looked": ("The bank was asked.", ""),
    "found_again": ("The pieces are on sale again.", ""),
    "repaired": ("The numbers are right.", ""),
    "invited": ("A letter with a link is on its way.", ""),
    "signed_out": ("Signed out.", ""),
    "password": ("The password is changed; other browsers are signed out.", ""),
    "key_ended": ("The key has ended.", ""),
    "webhook_sent": ("It leaves now; see below whether it arrives.", ""),
    "endpoint_removed": ("The endpoint is removed; what was sent to it stays to be seen.", ""),
    "secret_ended": ("The secret has ended.", ""),
    "client_ended": ("The client has ended; its tokens with it.", ""),
    "replayed": ("It is being tried again.", ""),
    "discarded": ("The event is discarded, those behind it follow.", ""),
    "message_discarded": ("The message is discarded, what is behind it goes on.", ""),
    "retried": ("The job runs again.", ""),
    "job_cancelled": ("The job is called off.", "/office/work/jobs/{of}/retry"),
    "feed_started": ("The feed looks for records now.", ""),
    "crm_looked": ("The exchange begins now.", ""),
    "crm_load": ("The first load has begun.", ""),
    "crm_tested": ("RetailCRM answers; its lists are here.", ""),
    "crm_failed": ("RetailCRM did not answer well; see below.", ""),
    "crm_done": ("It is dealt with.", ""),
    "alert_dismissed": ("The alert is dismissed.", ""),
    "loyalty_blocked": ("The member neither earns nor spends any more.", ""),
    "loyalty_unblocked": ("The member earns and spends again.", ""),
    "loyalty_merged": ("Two members are one now.", "/office/loyalty/merges/{of}/undo"),
    "loyalty_parted": ("Two members again, as before.", ""),
    "loyalty_proposed": ("Somebody else decides about it now.", ""),
    "loyalty_approved": ("It is approved and being posted.", ""),
    "loyalty_not_approved": ("Nothing is posted.", ""),
    "member_blocked": ("The member may spend nothing any more.", ""),
    "rules_restored": ("The earlier rules hold again.", ""),
    "measuring": ("It is being measured; the result is here in a moment.", ""),
    "codes_added": ("The codes are added; those known already counted once.", ""),
    "month_closing": ("The month is being closed; it is here in a moment.", ""),
    "merged": ("Two cards are one now.", "/office/customers/merges/{of}/undo"),
    "parted": ("Two cards again, as before.", ""),
    "parted_but": (
        "Two cards again; a telephone or number stayed away, somebody else has it by now.",
        "",
    ),
}


def words(request: Request) -> Callable[[str], str]:
    """Give a function that translates msgids into the language of the page."""
    translator = request.visit.wiring.translator
    return lambda message: translator.sentence(request.language, message)


def show(request: Request, template: str, *, status_code: int = 200, **values: Any) -> Page:
    """Make a page with the notice its address asks for."""
    message, undo_url = _notice(request)
    return page(
        request,
        template,
        status_code=status_code,
        notice=words(request)(message),
        undo_url=undo_url,
        **values,
    )


def _notice(request: Request) -> tuple[str, str]:
    message, undo = NOTICES.get(request.query_params.get("done", ""), ("", ""))
    reference = request.query_params.get("of", "")
    if not undo or not _REFERENCE.fullmatch(reference):
        return message, ""
    return message, undo.format(of=reference)


def done(
    request: Request, path: str, notice: str = "saved", *, of: UUID | str | None = None
) -> Response[None]:
    """Lead back to a page that says what was done."""
    query = {"done": notice} | ({} if of is None else {"of": str(of)})
    return go_to(request, f"{path}{'&' if '?' in path else '?'}{urlencode(query)}")


def address(request: Request, **changes: str | None) -> str:
    """Give the address of this page with some of its query changed; the place in a list is left."""
    dropped = {"after", "done", "of", *changes}
    kept = [(name, one) for name, one in request.query_params.multi_items() if name not in dropped]
    kept += [(name, value) for name, value in changes.items() if value]
    query = urlencode([(name, one) for name, one in kept if one])
    return f"{request.visit.path}?{query}" if query else request.visit.path


def asked(request: Request, name: str) -> str:
    """Give a word of the query, bounded."""
    return str(request.query_params.get(name, "")).strip()[:200]


def zone_of(request: Request) -> str:
    """Give the time zone pages are written in."""
    return request.context.service(markets.MarketDirectory).get(request.market).time_zone


def local_text(request: Request, instant: datetime | None) -> str:
    """Write an instant as a field of date and time takes it."""
    if instant is None:
        return ""
    return instant.astimezone(ZoneInfo(zone_of(request))).strftime("%Y-%m-%dT%H:%M")


def read_instant(request: Request, form: Form[Any], field: str) -> datetime | None:
    """Read a field of date and time; what is none is noted at the field."""
    typed = form.text(field)
    if not typed:
        return None
    try:
        return datetime.fromisoformat(typed).replace(tzinfo=ZoneInfo(zone_of(request)))
    except ValueError:
        form.add(field, "This is not a date and time.")
        return None


def localised(before: Localised, form: Form[Any], field: str) -> dict[str, str]:
    """Take a text in each language of a form; other languages stay."""
    texts = {**before, **{code: form.text(f"{field}_{code}") for code in LANGUAGES}}
    return {code: text for code, text in texts.items() if text}


def by_language(field: str, texts: Localised) -> dict[str, str]:
    """Give the values of the fields of a text in each language."""
    return {f"{field}_{code}": texts.get(code, "") for code in LANGUAGES}


async def names_of(snap: Snapshot, ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """Give the names of members of staff; those who are gone are absent."""
    found: dict[UUID, str] = {}
    for user_id in {one for one in ids if one is not None}:
        try:
            user = await accounts.get_user(snap, user_id=user_id)
        except accounts.NoSuchUser:
            continue
        found[user_id] = user.name or user.email
    return found


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response[bytes]:
    """Make a file spreadsheets open: UTF-8 with its mark, semicolons; no cell is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";")
    writer.writerow(header)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return Response(
        b"\xef\xbb\xbf" + text.getvalue().encode(),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _harmless(cell: object) -> str:
    text = "" if cell is None else str(cell)
    is_number = not isinstance(cell, str)
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text
