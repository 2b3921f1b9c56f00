"""Nado: what is signed and said there."""
