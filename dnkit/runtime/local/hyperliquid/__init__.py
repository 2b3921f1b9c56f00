"""A local exchange that speaks as Hyperliquid does: /info, /exchange, /ws.

Written after the venue's documents; nobody here ever met the venue.
"""

from dnkit.runtime.local.hyperliquid.shop import HyperliquidShop

__all__ = ["HyperliquidShop"]
