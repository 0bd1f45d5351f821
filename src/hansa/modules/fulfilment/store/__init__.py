"""Every SQL statement of fulfilment: `cases`, `asking`, `rules`, `reading`, `checking`."""
