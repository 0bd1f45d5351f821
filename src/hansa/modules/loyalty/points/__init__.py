"""Postings of points: lots, holds, receipts and returns, all through one door in batches."""
