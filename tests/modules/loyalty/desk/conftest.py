"""Segments over members whose points are posted as everywhere."""

from tests.modules.loyalty.points.conftest import Play, play

__all__ = ["Play", "play"]
