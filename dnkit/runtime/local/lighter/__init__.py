"""A local exchange that speaks as Lighter does: /api/v1 and /stream.

Written after the venue's documents and what its own signer signs; nobody here ever met the venue.
"""

from dnkit.runtime.local.lighter.shop import LighterShop

__all__ = ["LighterShop"]
