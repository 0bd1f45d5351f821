"""The cabinet of a coalition's partner: figures, postings, statements, keys, webhooks, people.

Everything is asked for with the partner of whoever is signed in; what is another's is not found.
"""
