"""The JSON that AWS reads: each document a pure function of plain values.

``permissions()`` stands beside the ``definition()`` that needs them. Nothing here is random, so
that a document is known at preview and the same in every run.
"""
