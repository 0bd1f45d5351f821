"""What fulfilment brings into the application."""

from hansa.runtime.module import Module

MODULE = Module(name="fulfilment")
