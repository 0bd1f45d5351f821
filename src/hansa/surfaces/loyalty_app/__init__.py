"""The members' app: points, percent, offers, card, rewards, settings; installable, works offline.

Owns no data: it shows what loyalty gives and calls its operations. Who a member is, its own cookie
says (`loyalty.sessions` tells why it is not the shop's). In a native shell it draws no bar of its
own and speaks to the shell by messages, see docs/how-to/native-shell.md.
"""
