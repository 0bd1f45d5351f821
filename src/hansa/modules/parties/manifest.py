"""What parties brings into the application."""

from hansa.runtime.module import Module, Permission

MODULE = Module(
    name="parties",
    permissions=(
        Permission(code="parties.view", title="See customers and organisations"),
        Permission(code="parties.edit", title="Change customers and organisations"),
        Permission(code="parties.merge", title="Merge customers and part them again"),
    ),
)
