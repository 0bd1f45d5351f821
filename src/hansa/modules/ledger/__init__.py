"""One double-entry engine: accounts, postings, holds, reversals, for points, earnings and money.

Owns: accounts, postings with their transfers and entries, holds, batches and their hash chain.
Promises: every posting sums to zero; an account with a floor never falls below it (unless the
posting allows a debt); a key of an owner has one outcome and one content for ever; a hold ends
once; a reversal never exceeds its original, line by line; nothing written is ever changed. It
knows accounts by number only: erasing a person leaves the books whole.
Locks: accounts with a floor, in the order of (bucket, id); accounts without one are rolled up.
"""
