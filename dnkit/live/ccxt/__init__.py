"""Venues through ccxt, each described by a record. ccxt is imported by this package alone."""

from dnkit.live.ccxt.adapter import make

__all__ = ["make"]
