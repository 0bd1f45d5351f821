"""What promotions brings into the application."""

from hansa.runtime.module import Module, Permission

MODULE = Module(
    name="promotions",
    permissions=(
        Permission(code="promotions.view", title="See gift sets"),
        Permission(code="promotions.edit", title="Change gift sets"),
    ),
)
