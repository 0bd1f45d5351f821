"""Every SQL statement of settlement: closings, blocks and alerts."""
