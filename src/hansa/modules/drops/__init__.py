"""Collections that open at a second: release, waiting room, limits per person."""
