"""Venues whose wire a local exchange speaks, by name."""

from collections.abc import Callable, Mapping

from dnkit.runtime.local.bybit import BybitShop
from dnkit.runtime.local.hyperliquid import HyperliquidShop
from dnkit.runtime.local.lighter import LighterShop
from dnkit.runtime.local.nado import NadoShop
from dnkit.runtime.local.okx import OkxShop
from dnkit.runtime.local.shop import Shop, Stock

SHOPS: Mapping[str, Callable[[Stock], Shop]] = {
    "bybit": BybitShop,
    "hyperliquid_perpetual": HyperliquidShop,
    "lighter": LighterShop,
    "nado": NadoShop,
    "okx_perpetual": OkxShop,
}
