"""Every SQL statement of the ledger: posting, rolling, reading, proving."""
