"""A local exchange that speaks as Nado does."""

from dnkit.runtime.local.nado.shop import NadoShop

__all__ = ["NadoShop"]
