"""A simulated Firebase: its token endpoint and `messages:send`, with Google's own errors.

A program of its own (`python -m sandbox.fcm --port 8782 --account FILE`), which knows nothing of
Hansa. FILE gets the service account to send with. A telephone is made with `POST /telephones`; its
page shows what arrived. It can misbehave on demand: limit, fail, be slow, lose an answer, revoke
access tokens, forget a telephone.
"""
