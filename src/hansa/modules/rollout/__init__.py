"""Which features are on for whom: audiences and percentages, changed without a restart.

Owns: features with their audiences, percentage and history.
Promises: the same person gets the same answer until the feature is changed; a change reaches every
process within seconds; every change is in the audit log; an unknown feature is off.
"""
