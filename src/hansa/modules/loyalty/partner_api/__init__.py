"""`/loyalty/v1`: what partners' programs call."""
