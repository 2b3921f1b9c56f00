"""Sums of times in words."""

from decimal import Decimal

from dnkit.model.numbers import NS_PER_MS, NS_PER_S, ceil_div
from dnkit.policies.unit_texts import show_number, show_time


def show_sum(ns: int) -> str:
    """`2.5s` where `show_time` would say `2500ms`; rounded up to a millisecond."""
    if ns < NS_PER_S or ns % NS_PER_S == 0:
        return show_time(ns)
    return f"{show_number(Decimal(ceil_div(ns, NS_PER_MS)) / 1000)}s"
