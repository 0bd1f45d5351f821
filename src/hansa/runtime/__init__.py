"""Technical services that know no word of commerce."""
