"""Lighter: what is signed there, and how it is verified."""
