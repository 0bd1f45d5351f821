"""Which warehouse serves which line of an order, and whether its shop really has the goods."""
