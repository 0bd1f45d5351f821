"""A simulated push service of a browser (RFC 8030, 8291, 8292), with browsers that subscribe.

A program of its own (`python -m sandbox.webpush --port 8781`), which knows nothing of Hansa. A
browser is made with `POST /browsers`; what is sent to its endpoint is checked (signature, audience,
life, TTL, topic, size), decrypted with the browser's keys and shown on the page. It can misbehave
on demand: limit, fail, be slow, lose an answer, forget a browser.
"""
