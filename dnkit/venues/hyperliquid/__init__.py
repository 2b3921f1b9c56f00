"""Hyperliquid: what is signed and said there."""
