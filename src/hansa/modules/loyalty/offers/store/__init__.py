"""Every SQL statement of offers, by what it is about."""
