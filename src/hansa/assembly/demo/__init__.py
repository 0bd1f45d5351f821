"""The demo: a fashion shop with goods, prices, stock, customers and orders, made from nothing."""
