"""Venues whose wire a local exchange speaks, by name."""

from collections.abc import Callable, Mapping

from dnkit.runtime.local.shop import Shop, Stock

SHOPS: Mapping[str, Callable[[Stock], Shop]] = {}
