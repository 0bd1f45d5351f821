"""A simulated Telegram: the part of the Bot API that a bot which asks with buttons needs.

A program of its own (`python -m sandbox.telegram --port 8775`), which knows nothing of Hansa. Its
page shows the chats; whoever presses a button there makes it send an update to the bot's webhook,
with the secret token in its header, in order and again and again until it is taken. It can
misbehave on demand: limit, fail, be slow, lose an answer, send a wrong secret or an update twice.
"""
