"""Bringing the contents of files into the shop, batch by batch, each one transaction."""
