"""Tasks of partners, who has switched them on, the percents they raise, earning rules."""
