"""What webhooks brings into the application."""

from hansa.runtime.module import Module

MODULE = Module(name="webhooks")
