"""Hansa: a commerce platform. Start at ARCHITECTURE.md; the folders are the layers."""

__version__ = "0.1.0"
