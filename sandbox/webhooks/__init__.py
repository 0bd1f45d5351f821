"""A partner's receiver of webhooks, as its own program: verifies, remembers, misbehaves on demand.

It obeys Standard Webhooks 1.0.0 with code of its own and knows nothing of Hansa. Each path below
`/in/` is a box with secrets and moods of its own, so that one program plays many partners.
"""
