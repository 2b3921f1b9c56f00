"""A local exchange that speaks as Bybit v5 does."""

from dnkit.runtime.local.bybit.shop import BybitShop

__all__ = ["BybitShop"]
