"""Integers inside, Decimal at the doors.

Units used everywhere below the doors:

- price: ticks of the leg's instrument; quantity: lots of the leg's instrument; time: nanoseconds.
- money: picos, 10^-12 of the quote currency. base: picos, 10^-12 of the coin.
- ratio: `mbps`, thousandths of a basis point (1 bps = 1,000 mbps; 100 % = 10,000,000 mbps).

A Decimal that does not fit its grid exactly is an error at the door, never a rounding inside.
"""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

PICO = 10**12
MBPS_PER_BPS = 1_000
MBPS_ONE = 10_000_000
NS_PER_MS = 1_000_000
NS_PER_S = 1_000_000_000


def to_pico(amount: Decimal) -> int:
    """Exact picos of a Decimal amount; ValueError when it is finer than 10^-12."""
    return on_grid(amount, Decimal(1).scaleb(-12))


def from_pico(picos: int) -> Decimal:
    """Decimal amount of a count of picos."""
    return Decimal(picos).scaleb(-12)


def to_mbps(bps: Decimal) -> int:
    """Exact mbps of a Decimal number of basis points; ValueError when finer than 0.001 bps."""
    return on_grid(bps, Decimal("0.001"))


def from_mbps(mbps: int) -> Decimal:
    """Decimal basis points of a count of mbps."""
    return Decimal(mbps).scaleb(-3)


def plain(amount: Decimal) -> str:
    """Digits without exponent or trailing zeros."""
    return f"{amount.normalize():f}" if amount else "0"


def on_grid(amount: Decimal, step: Decimal) -> int:
    """How many steps the amount is; ValueError when it lies between two."""
    steps = amount / step
    whole = int(steps)
    if steps != whole:
        raise ValueError(f"{amount} is not a multiple of {step}")
    return whole


def floor_steps(amount: Decimal, step: Decimal) -> int:
    """Whole steps that fit into the amount (rounds toward minus infinity)."""
    return int((amount / step).to_integral_value(ROUND_FLOOR))


def ceil_steps(amount: Decimal, step: Decimal) -> int:
    """Whole steps that cover the amount (rounds toward plus infinity)."""
    return int((amount / step).to_integral_value(ROUND_CEILING))


def ceil_div(numerator: int, denominator: int) -> int:
    """Integer division that rounds toward plus infinity."""
    return -(-numerator // denominator)
