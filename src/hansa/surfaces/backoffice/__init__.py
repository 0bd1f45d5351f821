"""The back office: what staff see and do all day.

Owns no data: every page asks for a permission, shows what the modules give and calls their
operations. One file per section.
"""
