"""A local exchange that speaks as OKX does (v5, linear swaps)."""

from dnkit.runtime.local.okx.shop import OkxShop

__all__ = ["OkxShop"]
