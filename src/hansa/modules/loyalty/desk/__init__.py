"""What staff do: corrections with a second person, disputes, dashboards."""
