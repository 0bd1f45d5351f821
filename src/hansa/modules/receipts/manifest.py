"""What receipts brings into the application."""

from hansa.modules.receipts.checks import CHECKS
from hansa.runtime.module import Module, Permission

MODULE = Module(
    name="receipts",
    permissions=(Permission(code="receipts.view", title="See receipts of the shops"),),
    checks=CHECKS,
)
