"""Nado: orders over one socket, streams over another, everything else by query."""

from dnkit.live.nado.adapter import make

__all__ = ["make"]
