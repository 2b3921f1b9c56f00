"""What a venue is like in one run: when it is down, silent or shows nonsense, how far it is behind."""

from collections.abc import Iterator

import msgspec

from dnkit.desk.scheduler import NEVER
from dnkit.model.capabilities import Capabilities
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.sim.hostile.faults import Fault, Luck

WITHIN_NS = (3 * NS_PER_S, 15 * NS_PER_S, 60 * NS_PER_S)  # how far into a run things begin, by run and venue
Windows = tuple[tuple[int, int], ...]


class Weather(msgspec.Struct):
    """Spans of time as (from, to). `behind_ns`: how old position reads may be, `whole`: always that old.
    `unknown_ns`: how long look-ups do not know an order. `skew_ns` is added to the venue's stamps.
    `trades_on`: orders are met while nobody can reach the venue. `limited_ns`: until when it answers 429.
    """

    down: Windows
    silent: Windows
    nonsense: Windows
    shrinks: bool
    skew_ns: int
    behind_ns: int
    whole: bool
    unknown_ns: int
    trades_on: bool
    limited_ns: int = 0

    def is_down(self, now: int) -> bool:
        """Whether nobody can reach it."""
        return _within(self.down, now)

    def is_silent(self, now: int) -> bool:
        """Whether its streams say nothing."""
        return _within(self.silent, now)

    def mute_since(self, now: int) -> int:
        """Since when its streams say nothing; a time far ahead while they do."""
        return min((begin for begin, end in (*self.silent, *self.down) if begin <= now < end), default=NEVER)


def _within(windows: Windows, now: int) -> bool:
    return any(begin <= now < end for begin, end in windows)


def draw_weather(luck: Luck, capabilities: Capabilities, now: int) -> Weather:
    """What a venue will be like in the run that begins now."""
    dice, down = luck.dice, list(_windows(luck, Fault.VENUE_DOWN, now))
    if luck.hits(Fault.VENUE_GONE):
        down.append((soon(luck, now), 2**62))
    old = luck.hits(Fault.OLD_POSITION)
    usual = min(capabilities.position_lag_ns, 500 * NS_PER_MS)
    slow = luck.hits(Fault.SLOW_LOOKUP)
    skew = luck.span(Fault.CLOCK_SKEW) * dice.choice((-1, 1)) if luck.hits(Fault.CLOCK_SKEW) else 0
    return Weather(
        down=tuple(down),
        silent=tuple(_windows(luck, Fault.SILENT_STREAM, now)),
        nonsense=tuple(_windows(luck, Fault.BAD_PRINT, now)),
        shrinks=dice.random() < 0.5,
        skew_ns=skew,
        behind_ns=luck.span(Fault.OLD_POSITION) if old else usual,
        whole=old and dice.random() < 0.5,
        unknown_ns=_unknown(luck, capabilities) if slow else 0,
        trades_on=dice.random() < 0.5,
    )


def _windows(luck: Luck, fault: Fault, now: int) -> Iterator[tuple[int, int]]:
    """At most two spans of one kind."""
    for _ in range(2):
        if not luck.hits(fault):
            return
        begin = soon(luck, now)
        yield begin, begin + luck.span(fault)


def soon(luck: Luck, now: int) -> int:
    """A moment of the run that begins now."""
    return now + luck.dice.randrange(luck.dice.choice(WITHIN_NS))


def _unknown(luck: Luck, capabilities: Capabilities) -> int:
    """How long after its arrival an order may be unknown: a venue's lag counts from the sending."""
    slow = luck.rates.get(Fault.SLOW_REQUEST)
    flight_ns = capabilities.latency_ns + (slow.up_to_ns if slow else 0)
    return max(0, capabilities.lookup_lag_ns - flight_ns)
