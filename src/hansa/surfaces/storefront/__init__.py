"""The shop: home, listing, search, product, basket, checkout, orders by link, account.

Owns no data: it shows what the modules give and calls their operations.
"""
