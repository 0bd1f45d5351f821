"""The country a visitor buys in."""

from litestar import Response, post

from hansa.kernel.errors import HansaError
from hansa.modules import markets
from hansa.runtime.http import Request, go_to, local_path, shopper_or_guest
from hansa.runtime.http.visit import MARKET_COOKIE
from hansa.surfaces.storefront.addresses import in_each_language
from hansa.surfaces.storefront.forms import read_texts

_YEAR_SECONDS = 365 * 24 * 3600


@post(in_each_language("/preferences"))
async def choose(request: Request) -> Response[None]:
    """Remember the country; an unknown one changes nothing."""
    shopper_or_guest(request)
    form = await read_texts(request)
    answer = go_to(request, local_path(form.text("next"), default=f"/{request.language}/"))
    try:
        chosen = request.context.service(markets.MarketDirectory).get(form.text("market"))
    except (HansaError, LookupError):
        return answer
    answer.set_cookie(MARKET_COOKIE, str(chosen.code), max_age=_YEAR_SECONDS, samesite="lax")
    answer.set_cookie("hansa_basket", "0", samesite="lax")
    return answer
