"""What a human sees while a run works: a live frame on a terminal, plain lines elsewhere. All of it on
standard error.
"""

import sys
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING

from dnkit.cli import out
from dnkit.engine.exposure import net_money
from dnkit.engine.state import Leg, Stage, State
from dnkit.machine.program import LegSpec
from dnkit.model.alerts import Alert
from dnkit.model.events import Event
from dnkit.model.numbers import NS_PER_S, from_pico, plain
from dnkit.model.terms import EndName
from dnkit.readers.legs import moved, to_move
from dnkit.runtime.run import PaperRun, RunResult

if TYPE_CHECKING:
    from rich.console import Group, RenderableType

FRAMES_PER_S = 8
FRAME_WIDTH = 60  # columns below which the table would be all breaks
_STAGES = {
    Stage.START: "start: positions, own orders, books",
    Stage.LEAVE: "leaving: cancel and confirm",
    Stage.SWEEP: "last sweep",
    Stage.HALT: "halting",
    Stage.END: "ended",
}
_CENT = Decimal("0.01")
UNKNOWN = "unknown"


def make_display(*, quiet: bool, framed: bool = True) -> "Lines":
    """The frame where that is wanted and standard error is a terminal that can show it, else lines; `quiet`
    leaves the phases away.
    """
    able = out.is_lively() and out.width(sys.stderr) >= FRAME_WIDTH
    return Frame() if framed and able else Lines(quiet=quiet)


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

    def alert(self, alert: Alert) -> None:
        """An alert, and what to do about it."""
        self._print(f"ALERT {alert.severity}: {alert}")
        self._print(f"  {alert.act}")

    def _print(self, text: str) -> None:
        out.say(text)

    def began(self, run: PaperRun) -> None:
        """Head of a cycle."""
        self._run, self._where = run, ""
        self._print(head(run))

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
    """A live table of legs, phase, time left and net exposure. It is drawn by a thread of its own: a terminal
    that stands still (Ctrl+S) does not hold up the run, and the time left counts down between two steps.
    """

    def __init__(self) -> None:
        super().__init__()
        from rich.console import Console
        from rich.live import Live

        self._live = Live(
            console=Console(stderr=True),
            get_renderable=self._picture,
            refresh_per_second=FRAMES_PER_S,
            transient=True,
        )
        self._live.start()

    def _print(self, text: str) -> None:
        with suppress(OSError):  # the terminal is gone; the run goes on to its end
            text = out.fitted(text, sys.stderr)
            self._live.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def began(self, run: PaperRun) -> None:
        """A new cycle in the same frame."""
        self._run = run

    def stepped(self, _event: Event, _state: State) -> None:
        """The next frame shows it."""

    def ended(self, result: RunResult) -> None:
        """What stays above the frame."""
        if self._run is not None:
            self._print(head(self._run))
        super().ended(result)

    def close(self) -> None:
        """Give the terminal back."""
        with suppress(OSError):
            self._live.stop()

    def _picture(self) -> "RenderableType":
        return _picture(self._run) if self._run is not None else ""


def _picture(run: PaperRun) -> "Group":
    """The table of this moment. The empty line below it keeps the cursor off the right margin, where the `^C`
    that a terminal shows would break the line and shift the picture.
    """
    from rich.console import Group
    from rich.table import Table

    header, state = run.header, run.desk.state
    title = f"{header.mode.upper()}  {header.policy}  cycle {header.cycle}/{header.cycles}"
    words = (where_text(run, state), time_left(state, run.now()), f"net {net_text(run, state)}")
    caption = "  ".join(word for word in words if word)
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for name in ("leg", "venue", "symbol", "position", "filled", "order"):
        table.add_column(name)
    for spec, leg in zip(run.program.legs, state.legs, strict=True):
        table.add_row(spec.name, spec.instrument.venue, spec.instrument.symbol, *_leg_cells(run, spec, leg))
    return Group(table, "")


def head(run: PaperRun) -> str:
    """First line of a cycle."""
    return f"cycle {run.header.cycle}/{run.header.cycles}  run {run.header.run_id}"


def _leg_cells(run: PaperRun, spec: LegSpec, leg: Leg) -> tuple[str, str, str]:
    instrument = spec.instrument
    if not leg.known:
        return UNKNOWN, "-", "-"
    order = leg.order or leg.stop
    working = "-"
    if order is not None:
        size, price = instrument.quantity(order.lots - order.cum), instrument.price(order.price)
        working = f"{order.type.value} {plain(size)} at {plain(price)} ({order.life.name.lower()})"
    return position_text(spec, leg), filled_text(run, spec, leg), working


def position_text(spec: LegSpec, leg: Leg) -> str:
    """Signed position with its coin; a position nobody has read yet is not zero."""
    return f"{plain(spec.instrument.quantity(leg.position))} {spec.instrument.base}" if leg.known else UNKNOWN


def filled_text(run: PaperRun, spec: LegSpec, leg: Leg) -> str:
    """How much the run has moved a leg, of what it is to move where that is a fixed amount: the clip of what
    opens, all that was found open of what closes.
    """
    quantity, wanted = spec.instrument.quantity, to_move(run.program, leg)
    done = plain(quantity(moved(leg)))
    return done if wanted is None else f"{done} of {plain(quantity(wanted))}"


def where_text(run: PaperRun, state: State) -> str:
    """Phase, or what goes on around the phases."""
    if state.stage is Stage.PHASE:
        return run.program.phases[state.phase].name
    return _STAGES[state.stage]


def time_left(state: State, now_ns: int) -> str:
    """Time left in the phase, "" where it has no clock of its own."""
    left = state.timer_ns - now_ns
    return f"{Decimal(left) / NS_PER_S:.1f} s left" if state.stage is Stage.PHASE and left > 0 else ""


def net_text(run: PaperRun, state: State) -> str:
    """Net exposure in money, not told while a position is unknown."""
    if not all(leg.known for leg in state.legs):
        return UNKNOWN
    quote = run.program.legs[0].instrument.quote
    return f"{from_pico(net_money(run.program, state.legs)).quantize(_CENT)} {quote}"


def clock(state: State) -> str:
    """Seconds since the run began, e.g. `+  3.204s`."""
    passed = Decimal(state.now_ns - state.started_ns) / NS_PER_S if state.started_ns else Decimal(0)
    return f"+{passed:8.3f}s"


def legs_text(run: PaperRun, state: State) -> str:
    """Every leg's position, time left and net exposure in one line."""
    parts = [
        f"{spec.name} {position_text(spec, leg)}"
        for spec, leg in zip(run.program.legs, state.legs, strict=True)
    ]
    return "  ".join((*parts, f"net {net_text(run, state)}", time_left(state, state.now_ns))).rstrip()


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
