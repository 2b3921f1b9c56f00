"""What the screens cost: themselves at a fast market, the engine when their terminal stands still, and
how soon they show a long run.
"""

import gc
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median, quantiles

import msgspec

from bench.measure import Row, alternate, skipped
from bench.replay import Deaf
from bench.terminal import Terminal
from bench.watcher import Used
from dnkit.control import place, words
from dnkit.model.events import Event
from dnkit.runtime.attend import Command, attended
from dnkit.runtime.cycles import Plan, run_cycles
from dnkit.runtime.floor import Claim, accounts_of, lay_floor, open_stores
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.market import open_market, parse_market
from dnkit.runtime.prepare import LegOptions, program_of, read_and_check
from dnkit.runtime.run import PaperRun
from tests.tui.long_run import long_journal, multiplied
from tests.tui.recording import GROUP, journal_of, recorded

BOOKS_A_S = 1_000
ENOUGH = 0.95
WATCHED_S = 8.0
CPU_GOAL, LATE_GOAL_MS = 0.25, 20.0
STALL_S, PAIRS, STALL_GOAL = 5.0, 11, 1.1
LONG, TIMES, ATTACHES, ATTACH_GOAL_S = 10_000, 100, 5, 1.0
DISK = Path(__file__).resolve().parent.parent / ".bench"
POLICY = "close_two_phase"


def run() -> list[Row]:
    """CPU and loop lag at a fast market, the first screen of a long run, the engine beside a stalled
    terminal.
    """
    rows: list[Row] = []
    for name, part in (
        ("screens: fast market", busy),
        ("screens: long run", attach),
        ("screens: stall", stall),
    ):
        try:
            rows += part()
        except (RuntimeError, OSError) as error:
            rows.append(skipped(name, str(error)))
    return rows


# --- a fast market ------------------------------------------------------------------------------


def busy() -> list[Row]:
    """The book screen beside an engine that tells both books a thousand times a second, unasked."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        journal_of(root, lines=11)
        out = root / "used"
        with _speaker(root) as said:
            command = [sys.executable, "-m", "bench.watcher", folder, str(out), str(WATCHED_S), "book"]
            with Terminal(command, {}) as terminal:
                terminal.child.wait(timeout=WATCHED_S + 40)
            rate = len(said) / (said[-1] - said[0]) if len(said) > 1 else 0.0
        if not out.exists():
            raise RuntimeError(f"the watcher left no figures: {terminal.seen[-300:]!r}")
        used = msgspec.json.decode(out.read_bytes(), type=Used)
    share, late = used.cpu_s / used.wall_s, quantiles(used.late_ms, n=100)[98]
    if rate < BOOKS_A_S * ENOUGH:
        raise RuntimeError(f"only {rate:,.0f} updates a second could be sent on this machine now")
    told = f"{rate:,.0f} updates of each leg's book a second on the socket, {used.rows} rows drawn"
    return [
        Row(
            name="screens: CPU, of one core",
            value=share * 100,
            unit="%",
            goal=f"under {CPU_GOAL:.0%}",
            met=share < CPU_GOAL,
            note=told,
        ),
        Row(
            name="screens: lag of their loop, p99",
            value=late,
            unit="ms",
            goal=f"under {LATE_GOAL_MS:.0f} ms",
            met=late < LATE_GOAL_MS,
            note=told,
        ),
    ]


@contextmanager
def _speaker(root: Path) -> Iterator[list[float]]:
    """Somebody on the run's socket who tells books without end, a hundred times as often as an engine
    would; answers when each was sent.
    """
    said: list[float] = []
    server, over = place.listen(place.socket_path(root, GROUP)), threading.Event()
    thread = threading.Thread(target=_speak, args=(server, over, said), daemon=True)
    thread.start()
    try:
        yield said
    finally:
        over.set()
        thread.join(timeout=5)
        server.close()


def _speak(server: socket.socket, over: threading.Event, said: list[float]) -> None:
    server.settimeout(30)
    with suppress(OSError):
        caller, _ = server.accept()
        caller.sendall(
            words.encode(_hello()) + words.encode(words.Status(stage="phase", positions=("0", "0")))
        )
        caller.recv(4_096)
        caller.sendall(words.encode(words.Answer(id=1, ok=True, text="")))
        lines = [words.encode(_books(turn)) for turn in range(64)]
        due, turn = time.perf_counter(), 0
        while not over.is_set():
            caller.sendall(lines[turn % len(lines)])
            said.append(time.perf_counter())
            turn, due = turn + 1, due + 1 / BOOKS_A_S
            time.sleep(max(0.0, due - time.perf_counter()))


def _hello() -> words.Hello:
    legs = tuple(
        words.Account(name=one.name, venue=one.venue, symbol=one.symbol, base=one.base, quote=one.quote)
        for one in recorded().header.legs
    )
    return words.Hello(group=GROUP, pid=1, policy=POLICY, market="synthetic", cycles=1, legs=legs)


def _books(turn: int) -> words.Books:
    """Ten levels a side that never stand still."""
    shown = []
    for leg in recorded().header.legs:
        at = 270_000 + turn
        bids = tuple((f"{(at - n) / 100:.2f}", f"{1 + (turn * 7 + n) % 50 / 10:.3f}") for n in range(10))
        asks = tuple((f"{(at + 1 + n) / 100:.2f}", f"{1 + (turn * 3 + n) % 50 / 10:.3f}") for n in range(10))
        moment = recorded().header.started_ns + 10**12 + turn
        shown.append(words.Shown(name=leg.name, at_ns=moment, bids=bids, asks=asks))
    return words.Books(now_ns=recorded().header.started_ns, legs=tuple(shown))


# --- a long run ---------------------------------------------------------------------------------


def attach() -> list[Row]:
    """From the start of the process to the first screen of a run of a million lines."""
    DISK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DISK) as folder:
        lines = multiplied(long_journal(Path(folder), LONG), TIMES)
        long = median(_first_screen(Path(folder)) for _ in range(ATTACHES))
    with tempfile.TemporaryDirectory(dir=DISK) as folder:
        journal_of(Path(folder), lines=11)
        short = median(_first_screen(Path(folder)) for _ in range(ATTACHES))
    return [
        Row(
            name=f"screens: first screen of a run of {lines:,} lines, from the start of the process",
            value=long,
            unit="s",
            against_name="of a run of 11 lines",
            against=short,
            ratio=long / short,
            goal=f"within {ATTACH_GOAL_S:.0f} s",
            met=long <= ATTACH_GOAL_S,
            note=f"median of {ATTACHES}",
        )
    ]


def _first_screen(home: Path) -> float:
    command = [sys.executable, "-m", "dnkit", "tui"]
    with Terminal(command, {"DNKIT_HOME": str(home)}) as terminal:
        return terminal.wait("filled / target")


# --- a terminal that stands still -----------------------------------------------------------------


def stall() -> list[Row]:
    """The engine's time from an event to the commands that answer it, alone and beside a stalled terminal."""
    pairs = alternate(PAIRS, lambda: _handled(watched=True), lambda: _handled(watched=False))
    ratios = sorted(one / other for one, other in zip(pairs.first, pairs.second, strict=True))
    middle = median(ratios)
    low, high = _interval(ratios)
    return [
        Row(
            name="screens: p99 from event to dispatch beside a terminal that is not read",
            value=pairs.medians[0] * 1e6,
            unit="us",
            against_name="without",
            against=pairs.medians[1] * 1e6,
            ratio=middle,
            spread=pairs.spread,
            pairs=PAIRS,
            goal=f"median ratio at most {STALL_GOAL}",
            met=middle <= STALL_GOAL,
            note=f"95 % interval of the median ratio {low:.3f} to {high:.3f}; {STALL_S:.0f} s each",
        )
    ]


def _interval(ratios: Sequence[float]) -> tuple[float, float]:
    """Ratios between which the true median lies with 95 % confidence or more: order statistics 2 and n-1
    of 11.
    """
    return ratios[1], ratios[-2]


class _Clocked(Deaf):
    """Notes how long the desk of each run takes for an event: step, journal and dispatch."""

    def __init__(self) -> None:
        self.spans: list[float] = []

    def began(self, run: PaperRun) -> None:
        """Put a clock around the desk."""
        handle = run.desk.handle

        def clocked(event: Event) -> None:
            start = time.perf_counter()
            handle(event)
            self.spans.append(time.perf_counter() - start)

        run.desk.handle = clocked  # type: ignore[method-assign]


def _handled(*, watched: bool) -> float:
    """The p99 of a few seconds of trading, seconds."""
    program = program_of(read_and_check(POLICY, VenueFacts(), options=LegOptions()))
    turned = program_of(read_and_check(POLICY, VenueFacts(), turned=True, options=LegOptions()))
    DISK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=DISK) as folder:
        root, claim = Path(folder), Claim("synthetic", accounts_of(program.legs))
        with open_stores(StateFolder(root), claim) as stores:
            instruments = {leg.name: leg.instrument for leg in program.legs}
            opened = open_market(
                parse_market("synthetic"), instruments, (), seed=1, loop=False, cache=root / "cache"
            )
            floor = lay_floor(stores, opened, VenueFacts(), lambda _alert: None, speed=None, seed=1)
            plan = Plan(
                program=program,
                turned=turned,
                books=(0, 1),
                book_names=opened.book_names,
                cycles=1_000_000,
                group="bench",
            )
            listener = _Clocked()
            command = Command(group="bench", policy=POLICY, legs=program.legs, cycles=plan.cycles)
            with attended(root, floor, command, lambda _text: None), _beside(root, watched) as ready:
                results = run_cycles(floor, plan, listener, lambda _result: 0)
                next(results)
                ready()
                listener.spans.clear()
                gc.collect()
                until = time.perf_counter() + STALL_S
                while time.perf_counter() < until:
                    next(results)
    return quantiles(listener.spans, n=100)[98]


@contextmanager
def _beside(root: Path, watched: bool) -> Iterator[Callable[[], object]]:
    """The screens on a terminal that nobody reads once `ready` was called; nothing where not watched."""
    if not watched:
        yield lambda: time.sleep(0.5)
        return
    command = [sys.executable, "-m", "dnkit", "tui", "--screen", "book"]
    with Terminal(command, {"DNKIT_HOME": str(root)}) as terminal:

        def ready() -> None:
            terminal.wait("spread")
            terminal.stall()

        yield ready
