"""A process that sells, with the acquirer connected."""

from tests.support.selling import bank, context, shop

__all__ = ["bank", "context", "shop"]
