"""What checkout brings into the application."""

from hansa.modules.checkout.api import ROUTES
from hansa.modules.checkout.offers import Offers
from hansa.modules.checkout.work import ForgetBaskets, forget_baskets
from hansa.runtime.module import JobHandler, Module, Periodic

MODULE = Module(
    name="checkout",
    routes=ROUTES,
    jobs=(JobHandler(job=ForgetBaskets, handle=forget_baskets),),
    periodic=(Periodic(cron="41 3 * * *", job=ForgetBaskets()),),
    services=(Offers,),
)
