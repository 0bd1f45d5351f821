"""Exchange with accounting systems: 1C through CommerceML."""
