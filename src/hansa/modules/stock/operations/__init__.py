"""What changes stock: warehouses, levels, and the life of reservations. Holds are made by `reserver`."""
