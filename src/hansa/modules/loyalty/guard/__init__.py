"""What watches for fraud: velocity, cooling of new points, devices, sleeping accounts."""
