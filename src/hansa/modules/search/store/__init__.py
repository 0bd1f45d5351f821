"""Every SQL statement of search: what projects, what lists, what counts."""
