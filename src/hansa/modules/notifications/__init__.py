"""Messages to people's devices: campaigns to segments, personal notices, push adapters.

Owns: devices with their push tokens, templates, campaigns with their recipients, sent messages.
Promises: a person gets a message once; no more of them than the cap allows, none in quiet hours of
their own zone, none without consent, none in the control group; a dead token is forgotten.
"""
