"""A policy in words, in tables and in figures."""
