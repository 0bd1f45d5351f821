"""What changes stock: warehouses, levels, and reservations. Holds are made by `reserver`."""
