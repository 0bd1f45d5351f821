"""The SQL of erp, by what it is about."""
