"""Every SQL statement of retailcrm, by table."""
