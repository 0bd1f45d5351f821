"""What notifications brings into the application."""

from hansa.runtime.module import Module

MODULE = Module(name="notifications")
