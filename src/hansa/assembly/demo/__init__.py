"""The demo: a fashion brand's shop with goods, pictures, people and orders, and the programs beside it."""

import sys
from collections.abc import Mapping

from hansa.assembly.demo.loading import Show, load
from hansa.assembly.demo.people import ERP_USER, OWNER, PASSWORD
from hansa.runtime.settings import Settings
from hansa.runtime.supervision import Program

__all__ = ["SETTINGS", "Show", "load", "programs", "welcome"]

_ACQUIRER_PORT = 8790
_ONEC_PORT = 8780

SETTINGS: Mapping[str, str] = {
    "acquirer_url": f"http://127.0.0.1:{_ACQUIRER_PORT}",
    "acquirer_secret": "practice-bank-of-the-demo-only",
}


def programs(settings: Settings) -> list[Program]:
    """Give the programs that run beside the shop: a practice bank and a practice 1C."""
    del settings
    return [
        Program(
            name="acquirer",
            command=[sys.executable, "-m", "sandbox.acquirer", "--port", str(_ACQUIRER_PORT)],
            environment={},
            stage=1,
        ),
    ]


def welcome(settings: Settings) -> list[str]:
    """Give the lines that say where everything is."""
    url = settings.public_url
    return [
        f"Shop: {url}/ru/",
        f"Back office: {url}/office {OWNER} {PASSWORD}",
        f"1C exchange: {url}/1c_exchange {ERP_USER} {PASSWORD}",
        f"API docs: {url}/api/docs",
        f"Shopper: {url}/ru/sign-in partner@olkha.example {PASSWORD}",
    ]
