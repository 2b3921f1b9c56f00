"""Numbers as a trader reads them. Nothing is rounded that could hide something: prices and sizes keep the
digits of their grid.
"""

from decimal import Decimal

from dnkit.engine.exposure import is_flat, is_hedged, net, net_money, tolerance
from dnkit.engine.state import State
from dnkit.machine.program import LegSpec, Program
from dnkit.model.numbers import NS_PER_MS, NS_PER_S, from_pico, plain

NONE = "-"
_CENT = Decimal("0.01")
_DAY_S = 86_400


def quantity(spec: LegSpec, lots: int) -> str:
    """Lots in coin, with the digits of the lot."""
    return f"{spec.instrument.quantity(lots):f}"


def price(spec: LegSpec, ticks: int) -> str:
    """Ticks as a price; - for none."""
    return f"{spec.instrument.price(ticks):f}" if ticks else NONE


def mid(spec: LegSpec, bid: int, ask: int) -> str:
    """The middle of a touch, with one digit more than the tick where it lies between two."""
    if not (bid and ask):
        return NONE
    between = (bid + ask) % 2
    return f"{spec.instrument.tick * (bid + ask) / 2:f}" if between else price(spec, (bid + ask) // 2)


def signed(text: str, sign: int) -> str:
    """The text of an amount with its sign; zero has none."""
    return f"+{text}" if sign > 0 else text


def money(picos: int) -> str:
    """Money to a cent."""
    return f"{from_pico(picos).quantize(_CENT):f}"


def ago(ns: int) -> str:
    """A span of time as short as it can be: 40ms, 1.4s, 03:20, 5h12m."""
    if ns < NS_PER_S:
        return f"{max(0, ns) // NS_PER_MS}ms"
    seconds = ns // NS_PER_S
    if seconds < 100:
        return f"{seconds}.{ns % NS_PER_S // (NS_PER_S // 10)}s"
    if seconds < 3_600:
        return f"{seconds // 60:02}:{seconds % 60:02}"
    return f"{seconds // 3_600}h{seconds % 3_600 // 60:02}m"


def clock(at_ns: int) -> str:
    """Time of day (UTC) on the run's clock, to a millisecond."""
    seconds = at_ns // NS_PER_S % _DAY_S
    hours, minutes, milliseconds = seconds // 3_600, seconds // 60 % 60, at_ns % NS_PER_S // NS_PER_MS
    return f"{hours:02}:{minutes:02}:{seconds % 60:02}.{milliseconds:03}"


class Delta:
    """Net exposure of a moment: `sign` of it, whether it is `known` and `hedged`, and in words."""

    def __init__(self, program: Program, state: State) -> None:
        self.known = all(leg.known for leg in state.legs)
        self.hedged = self.known and is_hedged(program, state.legs)
        self.flat = self.known and all(is_flat(leg) for leg in state.legs)
        self._program = program
        self._net = net(program, state.legs)
        self._limit = tolerance(program, state.legs)
        self.sign = (self._net > 0) - (self._net < 0)
        self.value = net_money(program, state.legs)

    @property
    def unit(self) -> str:
        """Coin, or money where the legs differ in coin."""
        instrument = self._program.legs[0].instrument
        return instrument.quote if self._program.by_money else instrument.base

    @property
    def text(self) -> str:
        """Signed amount; unknown while a position is."""
        return signed(self._amount(self._net), self.sign) if self.known else "unknown"

    @property
    def limit(self) -> str:
        """What is left alone."""
        return self._amount(self._limit)

    @property
    def over(self) -> str:
        """By how much it is outside."""
        return self._amount(abs(self._net) - self._limit)

    @property
    def word(self) -> str:
        """The verdict, with a mark of its own."""
        if not self.known:
            return "? UNKNOWN"
        if self.hedged:
            return "✓ flat" if self.flat else "✓ hedged"
        return f"{'▲' if self.sign > 0 else '▼'} UNHEDGED"

    @property
    def style(self) -> str:
        """How to show it."""
        return "good" if self.hedged else "bad" if self.known else "warn"

    def _amount(self, picos: int) -> str:
        return money(picos) if self._program.by_money else plain(from_pico(picos))
