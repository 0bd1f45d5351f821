"""A simulated insurer: quotes with a discount for points, policies, refusals, cancellations.

A program of its own (`python -m sandbox.insurer --port 8782 --partner-url ...`), which knows
nothing of Hansa. It tells a loyalty programme what happens by webhooks signed as Standard Webhooks,
and takes the programme's signed answers at `POST /quotes/{quote}/points`. It can misbehave on
demand: tell everything twice, tell of a policy before it has answered the call about its quote,
sign wrongly, fail, lose an answer, tell late.
"""
