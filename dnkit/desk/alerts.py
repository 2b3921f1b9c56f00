"""When the desk's own alerts of the catalogue are raised, and how loud a policy's `alerts` make a halt."""

from collections import deque
from collections.abc import Iterator, Mapping

from dnkit.engine.exposure import is_hedged
from dnkit.engine.orders import IMMEDIATE
from dnkit.engine.state import Leg, State
from dnkit.machine.program import Program
from dnkit.model.alerts import (
    FILL_RATE_LOW,
    FLATTEN_FAILED,
    NO_TRADES,
    POSITION_MISMATCH,
    UNHEDGED,
    UNKNOWN_POSITION,
    Alert,
)
from dnkit.model.commands import Command, EndRun, PlaceOrder
from dnkit.model.events import Event, OrderFilled, PositionRead
from dnkit.model.numbers import NS_PER_S, plain
from dnkit.model.terms import CLOSING, EndName, Risk
from dnkit.policies.keys import LEVELS

LOUDEST = LEVELS[-1]
Alerts = Mapping[str, str]
TAKES = 50  # the fill rate is of so many takes
TAKES_MIN = 20  # and is not told of fewer
FILL_RATE = (9, 10)
NO_TRADES_NS = 3_600 * NS_PER_S


def halt_level(alerts: Alerts, program: Program, state: State) -> str:
    """Level of the alert of a run that halts: the loudest of the occasions that it is."""
    usual = alerts.get("halt", LOUDEST)
    return max((alerts.get(one, usual) for one in _occasions(program, state)), key=LEVELS.index)


def of_end(program: Program, ended: EndRun) -> Iterator[Alert]:
    """What a halt leaves behind, once that is known; nothing for any other end, or with nothing open."""
    if ended.end is not EndName.HALTED or ended.risk is Risk.FLAT:
        return
    text = f"{program.name}: {ended.text}"
    if ended.risk is Risk.UNKNOWN:
        yield UNKNOWN_POSITION.raised(text)
    elif ended.risk is Risk.UNHEDGED:
        yield UNHEDGED.raised(text)
    if program.intent in CLOSING:
        yield FLATTEN_FAILED.raised(text)


def of_read(program: Program, state: State, read: PositionRead) -> Iterator[Alert]:
    """A read that contradicts the fills although the venue's lag since the last of them is over."""
    spec, leg = program.legs[read.leg], state.legs[read.leg]
    if _disagrees(leg) and read.as_of_ns == leg.witness_ns >= leg.fill_ns + spec.position_lag_ns:
        instrument = spec.instrument
        believed = leg.position if leg.known else leg.first_witness or 0
        held, counted = (plain(instrument.quantity(lots)) for lots in (leg.witness or 0, believed))
        yield POSITION_MISMATCH.raised(
            f"{program.name}: {instrument.venue} says {held} {instrument.base} on leg {spec.name}, "
            f"fills say {counted}"
        )


class Lookout:
    """What the steps of one run show that a human should hear of. A leg's mismatch is told once."""

    def __init__(self, program: Program, run_id: str, vitals: "Vitals") -> None:
        self._program = program
        self._run_id = run_id
        self._vitals = vitals
        self._mismatched: set[int] = set()

    def step(self, event: Event, commands: tuple[Command, ...], state: State) -> Iterator[Alert]:
        """Take a step in; `state` is the one after it."""
        yield from self._vitals.note(self._run_id, event, commands)
        if type(event) is PositionRead and event.leg not in self._mismatched:
            for alert in of_read(self._program, state, event):
                self._mismatched.add(event.leg)
                yield alert


class Vitals:
    """How trading goes over all runs of a command: are takes filled, is anything traded at all.

    A take is all that one phase of a run takes on a leg: a ladder counts as filled whatever the rung.
    """

    def __init__(self) -> None:
        self._takes: deque[bool] = deque(maxlen=TAKES)
        self._open: dict[tuple[str, int], _Take] = {}
        self._traded_ns = 0
        self._told: set[str] = set()

    def note(self, run_id: str, event: Event, commands: tuple[Command, ...]) -> Iterator[Alert]:
        """Take one step of a run in."""
        now = event.at_ns
        if isinstance(event, OrderFilled):
            self._fill(run_id, event)
        for command in commands:
            if isinstance(command, PlaceOrder):
                self._place(run_id, command)
            elif isinstance(command, EndRun):
                self._close(run_id)
                yield from self._judge_takes()
        self._traded_ns = self._traded_ns or now
        if now - self._traded_ns > NO_TRADES_NS:
            passed = (now - self._traded_ns) // NS_PER_S
            yield from self._tell(NO_TRADES.raised(f"nothing was filled for {passed} s"))

    def _fill(self, run_id: str, event: OrderFilled) -> None:
        self._traded_ns = event.at_ns
        self._told.discard(NO_TRADES.code)
        take = self._open.get((run_id, event.leg))
        if take is not None and event.order >= take.first:
            take.filled[event.order] = max(event.cum, take.filled.get(event.order, 0))

    def _place(self, run_id: str, order: PlaceOrder) -> None:
        key, phase = (run_id, order.leg), order.reason.split("#")[0]
        take = self._open.get(key)
        if take is not None and take.phase == phase and order.type in IMMEDIATE:
            return  # the next rung
        if take is not None:
            self._takes.append(self._open.pop(key).is_filled())
        if order.type in IMMEDIATE:
            self._open[key] = _Take(phase, order.order, order.lots)

    def _close(self, run_id: str) -> None:
        for key in [one for one in self._open if one[0] == run_id]:
            self._takes.append(self._open.pop(key).is_filled())

    def _judge_takes(self) -> Iterator[Alert]:
        count, filled = len(self._takes), sum(self._takes)
        if count < TAKES_MIN or filled * FILL_RATE[1] >= count * FILL_RATE[0]:
            self._told.discard(FILL_RATE_LOW.code)
        else:
            yield from self._tell(FILL_RATE_LOW.raised(f"{filled} of the last {count} takes were filled"))

    def _tell(self, alert: Alert) -> Iterator[Alert]:
        """Once, until it is over."""
        if alert.code not in self._told:
            self._told.add(alert.code)
            yield alert


class _Take:
    """What is taken on a leg: in which phase, from which order on, how many lots were asked at first."""

    def __init__(self, phase: str, first: int, lots: int) -> None:
        self.phase = phase
        self.first = first
        self.lots = lots
        self.filled: dict[int, int] = {}

    def is_filled(self) -> bool:
        """Whether all that was asked at first was filled in the end."""
        return sum(self.filled.values()) >= self.lots


def _occasions(program: Program, state: State) -> Iterator[str]:
    yield "halt"
    if not is_hedged(program, state.legs):
        yield "naked"
    if any(_disagrees(leg) for leg in state.legs):
        yield "conflict"


def _disagrees(leg: Leg) -> bool:
    """Whether the venue's last read is newer than the fills and says something else than they do."""
    believed = leg.position if leg.known else leg.first_witness
    if leg.witness is None or believed is None or leg.witness_ns < leg.fill_ns:
        return False
    return leg.witness != believed
