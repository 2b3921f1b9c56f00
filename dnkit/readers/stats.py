"""Small statistics of a report, in Decimal."""

from decimal import Decimal

import msgspec

from dnkit.model.numbers import NS_PER_S

Z95 = Decimal("1.959964")
_GRID = Decimal("0.0001")
_MS = Decimal("0.001")


class Rate(msgspec.Struct, frozen=True):
    """`hits` of `of`, as a share with its 95 % Wilson interval; share and bounds are None when `of` is 0."""

    hits: int
    of: int
    share: Decimal | None
    low: Decimal | None
    high: Decimal | None


def wilson(hits: int, of: int) -> tuple[Decimal, Decimal]:
    """95 % Wilson interval of `hits` out of `of` (at least 1) trials."""
    share, spread = Decimal(hits) / of, Z95 * Z95 / of
    middle = share + spread / 2
    half = (spread * (share * (1 - share) + spread / 4)).sqrt()
    return max(Decimal(0), (middle - half) / (1 + spread)), min(Decimal(1), (middle + half) / (1 + spread))


def rate(hits: int, of: int) -> Rate:
    """Share and interval, rounded to a hundredth of a percent."""
    if of == 0:
        return Rate(hits, of, None, None, None)
    low, high = wilson(hits, of)
    share = (Decimal(hits) / of).quantize(_GRID)
    return Rate(hits, of, share, low.quantize(_GRID), high.quantize(_GRID))


def tidy(value: Decimal) -> Decimal:
    """The same number without trailing zeros and without an exponent in its text."""
    return Decimal(f"{value.normalize():f}")


def seconds(ns: int) -> Decimal:
    """Seconds of a time in nanoseconds, to the millisecond."""
    return (Decimal(ns) / NS_PER_S).quantize(_MS)


def mean(values: list[Decimal]) -> Decimal | None:
    """Arithmetic mean, None of nothing."""
    return sum(values, Decimal(0)) / len(values) if values else None
