"""What the ledger brings into the application."""

from hansa.modules.ledger.checks import CHECKS
from hansa.modules.ledger.rolling import run_roller
from hansa.runtime.module import Loop, Module

MODULE = Module(
    name="ledger",
    checks=CHECKS,
    loops=(Loop(name="ledger.roller", run=run_roller),),
)
