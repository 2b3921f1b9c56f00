"""What a human sees while a run works: a live frame on a terminal, plain lines elsewhere. All of it on
standard error.
"""

import sys
import time
from decimal import Decimal
from typing import TYPE_CHECKING

from dnkit.cli import out
from dnkit.engine.exposure import net_money
from dnkit.engine.state import Leg, Stage, State
from dnkit.machine.program import LegSpec
from dnkit.model.events import Event
from dnkit.model.numbers import NS_PER_S, from_pico
from dnkit.model.terms import EndName
from dnkit.runtime.run import PaperRun, RunResult
from dnkit.runtime.seeding import plain

if TYPE_CHECKING:
    pass

FRAMES_PER_S = 10
_STAGES = {
    Stage.START: "start: positions, own orders, books",
    Stage.LEAVE: "leaving: cancel and confirm",
    Stage.SWEEP: "last sweep",
    Stage.HALT: "halting",
    Stage.END: "ended",
}
_CENT = Decimal("0.01")


def make_display(*, quiet: bool) -> "Lines":
    """The frame where standard error is a terminal, else lines; `quiet` leaves the phases away."""
    return Frame() if sys.stderr.isatty() and not quiet else Lines(quiet=quiet)


class Lines:
    """One line per phase and per end. `notes` keeps what was noted."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.notes: list[str] = []
        self._quiet = quiet
        self._run: PaperRun | None = None
        self._where = ""

    def note(self, text: str) -> None:
        """Something the user should know."""
        self.notes.append(text)
        self._print(f"note: {text}")

    def alert(self, level: str, text: str) -> None:
        """An alert of the policy."""
        self._print(f"ALERT {level}: {text}")

    def _print(self, text: str) -> None:
        out.say(text)

    def began(self, run: PaperRun) -> None:
        """Head of a cycle."""
        self._run, self._where = run, ""
        header = run.header
        self._print(f"cycle {header.cycle}/{header.cycles}  run {header.run_id}")

    def stepped(self, _event: Event, state: State) -> None:
        """A line when the run moves to another place."""
        if self._run is None or self._quiet:
            return
        where = where_text(self._run, state)
        if where != self._where and state.stage is not Stage.END:
            self._where = where
            self._print(f"  {clock(state)}  {where:<28} {legs_text(self._run, state)}")

    def ended(self, result: RunResult) -> None:
        """How it ended and what the judge says."""
        for line in end_lines(result):
            self._print(line)

    def close(self) -> None:
        """Nothing is open."""


class Frame(Lines):
    """A live table of legs, phase, time left and net exposure, drawn anew ten times a second."""

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.live import Live

        self._live: Live = Live(console=Console(stderr=True), auto_refresh=False)
        self._live.start()
        self._drawn = 0.0

    def _print(self, text: str) -> None:
        self._live.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def began(self, run: PaperRun) -> None:
        """A new cycle in the same frame."""
        self._run = run

    def stepped(self, _event: Event, state: State) -> None:
        """Draw, but not more often than an eye can follow."""
        if self._run is not None and time.monotonic() - self._drawn >= 1 / FRAMES_PER_S:
            self._draw(self._run, state)

    def close(self) -> None:
        """Give the terminal back."""
        self._live.update("", refresh=True)
        self._live.stop()

    def _draw(self, run: PaperRun, state: State) -> None:
        from rich.table import Table

        self._drawn = time.monotonic()
        header = run.header
        table = Table(
            title=f"PAPER  {header.policy}  cycle {header.cycle}/{header.cycles}", title_justify="left"
        )
        for name in ("leg", "venue", "symbol", "position", "filled", "order"):
            table.add_column(name)
        for spec, leg in zip(run.program.legs, state.legs, strict=True):
            table.add_row(spec.name, spec.instrument.venue, spec.instrument.symbol, *_leg_cells(spec, leg))
        left = time_left(run, state)
        table.caption = f"{where_text(run, state)}  {left}  net {net_text(run, state)}"
        self._live.update(table, refresh=True)


def _leg_cells(spec: LegSpec, leg: Leg) -> tuple[str, str, str]:
    instrument = spec.instrument
    moved = plain(instrument.quantity(abs(leg.position - leg.start)))
    order = leg.order
    working = "-"
    if order is not None:
        size, price = instrument.quantity(order.lots - order.cum), instrument.price(order.price)
        working = f"{order.type.value} {plain(size)} at {plain(price)} ({order.life.name.lower()})"
    return (
        f"{plain(instrument.quantity(leg.position))} {instrument.base}",
        f"{moved} of {goal(spec, leg)}",
        working,
    )


def goal(spec: LegSpec, leg: Leg) -> str:
    """How much the run is to trade on a leg: what it found open, else the clip."""
    return plain(spec.instrument.quantity(abs(leg.start) or leg.clip))


def where_text(run: PaperRun, state: State) -> str:
    """Phase, or what goes on around the phases."""
    if state.stage is Stage.PHASE:
        return run.program.phases[state.phase].name
    return _STAGES[state.stage]


def time_left(run: PaperRun, state: State) -> str:
    """Time left in the phase, "" where it has no clock of its own."""
    left = state.timer_ns - state.now_ns
    return f"{Decimal(left) / NS_PER_S:.1f} s left" if state.stage is Stage.PHASE and left > 0 else ""


def net_text(run: PaperRun, state: State) -> str:
    """Net exposure in money."""
    quote = run.program.legs[0].instrument.quote
    return f"{from_pico(net_money(run.program, state.legs)).quantize(_CENT)} {quote}"


def clock(state: State) -> str:
    """Seconds since the run began, e.g. `+  3.204s`."""
    passed = Decimal(state.now_ns - state.started_ns) / NS_PER_S if state.started_ns else Decimal(0)
    return f"+{passed:8.3f}s"


def legs_text(run: PaperRun, state: State) -> str:
    """Every leg's position, time left and net exposure in one line."""
    parts = [
        f"{spec.name} {plain(spec.instrument.quantity(leg.position))} {spec.instrument.base}"
        for spec, leg in zip(run.program.legs, state.legs, strict=True)
    ]
    return "  ".join((*parts, f"net {net_text(run, state)}", time_left(run, state))).rstrip()


def end_lines(result: RunResult) -> tuple[str, ...]:
    """End of a run and the judge's word, for a human."""
    seconds = Decimal(result.ended_ns - result.began_ns) / NS_PER_S
    end = result.ended.end.value
    if result.ended.end is EndName.HALTED:
        end = f"HALTED, {result.ended.risk.value}"
    return (f"  end: {end} after {seconds:.1f} s; {result.ended.text}", f"  judge: {judge_text(result)}")


def judge_text(result: RunResult) -> str:
    """What the venues' own books say."""
    findings = [f"{one.venue} {one.symbol}: {text}" for one in result.verdicts for text in one.findings]
    if findings:
        return "NOT verified: " + "; ".join(findings)
    legs = zip(result.program.legs, result.verdicts, strict=True)
    held = ", ".join(f"{spec.name} {plain(spec.instrument.quantity(one.position))}" for spec, one in legs)
    resting = sum(one.resting for one in result.verdicts)
    return f"verified {result.ended.end.value}: the venues' own books hold {held}; {resting} orders rest"
