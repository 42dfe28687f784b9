"""Measures how long a preview takes and how much memory, beside what people would pick instead.

``make bench`` runs it; README.md has the results and says what they mean.
"""
