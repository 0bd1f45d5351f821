"""What loyalty brings into the application."""

from hansa.modules.loyalty.members import Naming
from hansa.modules.loyalty.offers import Rulebook
from hansa.modules.loyalty.programmes import Directory
from hansa.runtime.module import Feature, Module, Permission

MODULE = Module(
    name="loyalty",
    permissions=(
        Permission(code="loyalty.view", title="See loyalty: members, points, offers"),
        Permission(code="loyalty.edit", title="Change programmes, partners and offers"),
        Permission(code="loyalty.correct", title="Propose corrections of points"),
        Permission(code="loyalty.approve", title="Approve corrections of points and offers"),
        Permission(code="loyalty.settle", title="Close periods and settle with partners"),
    ),
    services=(Naming, Directory, Rulebook),
    features=(
        Feature(
            code="loyalty.app",
            title="Loyalty app",
            about="Members can open the app with their points, percent and offers.",
        ),
    ),
)
