"""Answers questions from the index: authenticate, embed, search through both gates, answer with citations, say how old the index is.

``app.py`` is the one place where everything is wired; ``access/`` is where a caller becomes a tenant with principals.
"""
