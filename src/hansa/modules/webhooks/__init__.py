"""Signed webhooks to outside systems, by the Standard Webhooks specification.

Owns: endpoints with their secrets, messages, attempts to deliver them.
Promises: a message is sent with the same id and body until the endpoint takes it or its attempts
are used up; a secret that is being replaced signs beside the new one; nothing is sent to an address
inside the own network; whatever was not delivered can be seen and replayed.
"""
