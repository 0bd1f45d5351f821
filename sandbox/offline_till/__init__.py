"""A simulated till that sells for money and points, also while it has no connection.

A program of its own (`python -m sandbox.offline_till --port 8783 --partner-url ...`), which knows
nothing of Hansa. It speaks a small protocol, `POST {"ops": [...]}`, signed by HMAC-SHA256 over time
and body: `balance`, `hold`, `post`, `void`, and the batch of what it sold offline. Offline it takes
points up to a limit per card and per day; later it sends its queue, on demand in any order and
twice.
"""
