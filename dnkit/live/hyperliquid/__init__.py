"""Hyperliquid: actions over a socket, streams, everything else by query.

Keys: `private_key` of an agent, and `account`, the address it acts for (its own where none is named).
"""

from dnkit.live.hyperliquid.adapter import make

__all__ = ["make"]
