"""Gift sets that come with an order."""
