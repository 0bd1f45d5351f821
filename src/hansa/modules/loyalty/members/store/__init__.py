"""Every SQL statement of members, by what it is about."""
