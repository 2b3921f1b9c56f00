"""Intervals of figures whose samples lie close in time, and so tell the same thing several times.

The samples of one moment are drawn together, and with them those of the moments behind it: a block. Blocks
wrap around, so that no moment is drawn more rarely than another (the circular block bootstrap). These are
statistics, so they are floats.
"""

from collections.abc import Sequence
from random import Random

import msgspec

from dnkit.readers.stats import wilson

DRAWS = 2_000
TAIL = 0.025  # of the draws, on either side


class Sums(msgspec.Struct, frozen=True):
    """What the samples of one moment come to: the figure is the sum of all `over` through that of `under`."""

    over: int
    under: int


class Figure(msgspec.Struct, frozen=True):
    """A figure with its 95 % interval; None where there is nothing to divide by."""

    value: float | None
    low: float | None = None
    high: float | None = None


def figure(moments: Sequence[Sums], block: int, seed: str) -> Figure:
    """The figure and its interval, from blocks of so many moments."""
    value = _ratio(moments)
    if value is None:
        return Figure(None)
    dice, count = Random(seed), len(moments)
    twice = [*moments, *moments[: block - 1]]
    blocks = [twice[at : at + block] for at in range(count)]
    drawn = []
    for _ in range(DRAWS):
        sample = [one for _ in range(-(-count // block)) for one in dice.choice(blocks)]
        drawn.append(_ratio(sample[:count]))
    known = sorted(one for one in drawn if one is not None)
    tail = int(TAIL * len(known))
    return Figure(value, known[tail], known[-1 - tail])


def share(moments: Sequence[Sums], block: int, seed: str) -> Figure:
    """The same of a share. Where all samples agree, drawing them again shows nothing: then each block counts
    as one trial (Wilson).
    """
    found = figure(moments, block, seed)
    if found.value not in (0, 1):
        return found
    trials = max(1, len(moments) // block)
    low, high = wilson(trials if found.value else 0, trials)
    return Figure(found.value, float(low), float(high))


def _ratio(moments: Sequence[Sums]) -> float | None:
    under = sum(one.under for one in moments)
    return sum(one.over for one in moments) / under if under else None
