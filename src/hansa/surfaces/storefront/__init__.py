"""The shop: home, listing, search, product, basket, checkout, orders by link, the shopper's account.

Owns no data: it shows what the modules give and calls their operations.
"""
