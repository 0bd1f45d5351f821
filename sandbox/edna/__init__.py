"""A simulated EDNA Pulse: cascades that are scheduled, statuses that are told afterwards.

A program of its own (`python -m sandbox.edna --port 8783`), which knows nothing of Hansa. Its page
shows what arrived. A request number that comes again within 20 minutes is refused. Statuses go to
the address that was set, as often as it takes, and twice on demand.
"""
