"""The business, one package per module; a higher module may call a lower one by its package."""
