"""Every SQL statement of points: lots and receipts in the posting path, reads, proofs."""
