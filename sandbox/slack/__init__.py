"""A simulated Slack: the part of its Web API that an app which asks with buttons needs.

A program of its own (`python -m sandbox.slack --port 8770`), which knows nothing of Hansa. Its page
shows the channels; whoever presses a button there makes it call the app as Slack does: a
form-encoded `block_actions` payload, signed with the signing secret, to be acknowledged within
three seconds. It can misbehave on demand: limit, fail, be slow, lose an answer, sign wrongly, send
an old timestamp, deliver a click twice or let a stranger click.
"""
