"""The demo: a fashion brand's shop with goods, pictures, people, orders, and programs beside it."""

import sys
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import hansa
from hansa.assembly.demo.loading import Show, load
from hansa.assembly.demo.people import ERP_USER, OWNER, PASSWORD
from hansa.assembly.demo.world import FOLDER
from hansa.runtime.settings import Settings
from hansa.runtime.supervision import Program

__all__ = ["Show", "load", "programs", "settings_beside", "welcome"]

_HOST = "127.0.0.1"
_ACQUIRER_PORT = 8790
_ONEC_PORT = 8780
_PICKING_PAUSE = "20s"
# The programs of `sandbox` are no part of the package: they stand beside it in the source tree.
_SOURCE_TREE = str(Path(hansa.__file__).parents[2])


def settings_beside(free_port: Callable[[str, int], int]) -> dict[str, str]:
    """Give the demo's settings, besides the usual defaults: where its practice bank will be."""
    return {
        "acquirer_url": f"http://{_HOST}:{free_port(_HOST, _ACQUIRER_PORT)}",
        "acquirer_secret": "practice-bank-of-the-demo-only",
    }


def _onec_url(settings: Settings) -> str:
    """The practice 1C stands as far from its usual port as the bank does from its own."""
    port = urlsplit(settings.acquirer_url or "").port or _ACQUIRER_PORT
    return f"http://{_HOST}:{_ONEC_PORT + 100 + port - _ACQUIRER_PORT}"


def programs(settings: Settings) -> list[Program]:
    """Give the programs that run beside the shop: a practice bank and a practice 1C."""
    return [
        Program(
            name="acquirer",
            command=[
                *(sys.executable, "-m", "sandbox.acquirer"),
                *("--port", str(urlsplit(settings.acquirer_url or "").port)),
            ],
            environment={
                "PYTHONPATH": _SOURCE_TREE,
                "ACQUIRER_SECRET": settings.acquirer_secret.reveal(),
            },
            stage=1,
        ),
        Program(
            name="1c",
            command=[
                *(sys.executable, "-m", "sandbox.onec"),
                *("--url", f"{settings.public_url}/1c_exchange", "--user", ERP_USER),
                *("--state", str(settings.data_dir / "onec")),
                *("--world", str(settings.data_dir / FOLDER), "--utc-offset-hours", "3"),
                *("serve", "--port", str(urlsplit(_onec_url(settings)).port)),
                *("--every", "3s", "--ship-after", _PICKING_PAUSE),
            ],
            environment={"PYTHONPATH": _SOURCE_TREE, "ONEC_PASSWORD": PASSWORD},
            stage=2,
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
        f"Practice 1C: {_onec_url(settings)}/",
        f"Shopper with own prices: {url}/ru/sign-in partner@olkha.example {PASSWORD}",
    ]
