"""What people look at: pages that compose several modules."""
