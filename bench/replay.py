"""A policy traded over recorded two-leg books on the virtual clock, journal on and off, and against a peer.

An update is one message of a feed (a book change of any number of levels, a ticker, a trade). The clock runs
from the first cycle to the end of the recording. On its own the policy plays from disk: reading and decoding
the packed recording is inside the clock. Against nautilus_trader both sides have the same messages in memory
before their clocks start, in the form each of them wants, and send orders at the same rate. The peer keeps
no journal, so it is met twice: by the run as it is, and by one without a journal.
Without recordings beside the repository the synthetic market stands in, and the peer is skipped.
"""

import gc
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from bench.measure import Pairs, Row, alternate, skipped
from bench.stories import ROOT
from dnkit.cli.outcome import Asked
from dnkit.cli.trade import prepare
from dnkit.engine.state import State
from dnkit.journal.writer import Journal
from dnkit.market.feed import Market, Message
from dnkit.model.events import Event
from dnkit.runtime.cycles import Plan, run_cycles
from dnkit.runtime.floor import Claim, accounts_of, lay_floor, open_stores
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.market import open_market, parse_market
from dnkit.runtime.run import PaperRun, RunResult

RECORDING = ROOT.parent / "shared" / "data" / "A_binance_20240808"
BOOKS = ("binance_usdm:ETHUSDT", "binance_spot:ETHUSDT")
POLICY = "open_post_only_hedge"
DISK = ROOT / ".bench"
CACHE = DISK / "cache"
PEER = DISK / "nautilus"
PEER_NAME = "nautilus_trader, same messages and order rate"
PEER_PACKAGES = ("nautilus_trader", "pyarrow")
GOAL, PEER_GOAL = 300_000, 3.0
PAIRS = 5
SYNTHETIC_CYCLES = 100


class Traded(msgspec.Struct, frozen=True):
    """One pass: updates applied, seconds they took, cycles begun, orders sent."""

    updates: int
    seconds: float
    cycles: int
    orders: int

    @property
    def rate(self) -> float:
        """Updates a second."""
        return self.updates / self.seconds


class NoJournal(Journal):
    """Takes every line and keeps none: what the journal costs is the difference."""

    def __init__(self) -> None:
        self.trouble = ""

    def start_run(self, *_values: Any) -> None:
        """Nothing."""

    def append(self, *_values: Any, **_named: Any) -> None:
        """Nothing."""

    def end_run(self, *_values: Any) -> None:
        """Nothing."""

    def note_ledger(self, **_values: Any) -> None:
        """Nothing."""


class Deaf:
    """A listener that shows nothing."""

    def note(self, text: str) -> None:
        """Nothing."""

    def began(self, run: PaperRun) -> None:
        """Nothing."""

    def stepped(self, event: Event, state: State) -> None:
        """Nothing."""

    def ended(self, result: RunResult) -> None:
        """Nothing."""


class InMemory:
    """A market that ends, read and decoded before it is asked for; played once."""

    def __init__(self, market: Market) -> None:
        self.grids, self.start_ns, self.end_ns = market.grids, market.start_ns, market.end_ns
        self._messages = list(market.messages())

    def messages(self) -> Iterator[Message]:
        """Every message in time order."""
        return iter(self._messages)


def trade_once(*, journal: bool, in_memory: bool = False) -> Traded:
    """Trade the policy in cycles until the recording ends (or a number of cycles on the synthetic market)."""
    recorded = RECORDING.is_dir()
    market = f"recorded:{RECORDING}" if recorded else "synthetic"
    venues = VenueFacts()
    prepared = prepare(Asked(policy=POLICY, market=market), venues)
    legs = prepared.program.legs
    books = tuple(f"{leg.name}={book}" for leg, book in zip(legs, BOOKS, strict=True)) if recorded else ()
    claim = Claim(parse_market(market).name, accounts_of(legs))
    with tempfile.TemporaryDirectory(dir=DISK) as home, open_stores(StateFolder(Path(home)), claim) as stores:
        instruments = {leg.name: leg.instrument for leg in legs}
        opened = open_market(parse_market(market), instruments, books, seed=1, loop=False, cache=CACHE)
        if in_memory:
            opened = msgspec.structs.replace(opened, market=InMemory(opened.market))
        used = stores if journal else msgspec.structs.replace(stores, journal=NoJournal())
        floor = lay_floor(used, opened, venues, lambda _alert: None, speed=None, seed=1)
        plan = Plan(
            program=prepared.program,
            turned=prepared.turned,
            books=tuple(range(len(legs))),
            book_names=opened.book_names,
            cycles=1_000_000 if recorded else SYNTHETIC_CYCLES,
        )
        gc.collect()
        gc.freeze()  # as the trade command does
        start = time.perf_counter()
        results = tuple(run_cycles(floor, plan, Deaf(), lambda _result: 0))
        seconds = time.perf_counter() - start
    return _traded(results, floor.world.messages, seconds)


def _traded(results: tuple[RunResult, ...], updates: int, seconds: float) -> Traded:
    bad = [one.ended.text for one in results if not one.verified]
    if bad or not any(one.traded for one in results):
        raise RuntimeError(f"the runs are no good to measure: {bad or 'nothing traded'}")
    orders = sum(leg.orders for one in results for leg in one.state.legs)
    return Traded(updates, seconds, len(results), orders)


def peer_python() -> Path:
    """The peer's interpreter, in an environment of its own that is made when it is missing; OSError or
    CalledProcessError when that fails."""
    python = PEER / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", str(PEER)], check=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *PEER_PACKAGES]
        subprocess.run(install, check=True, capture_output=True)
    return python


def peer_once(python: Path, per_million: int) -> dict[str, Any]:
    """One pass of the peer: updates, seconds, orders, version."""
    command = [str(python), str(Path(__file__).with_name("peer_nautilus.py")), str(RECORDING), *BOOKS]
    run = subprocess.run([*command, str(per_million)], check=True, capture_output=True, text=True)
    told: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return told


def run() -> list[Row]:
    """Journal on against off, and the peer."""
    CACHE.mkdir(parents=True, exist_ok=True)
    seen = trade_once(journal=True)
    pairs = alternate(PAIRS, _rate_with(journal=True), _rate_with(journal=False))
    kind = "recorded" if RECORDING.is_dir() else "SYNTHETIC (no recordings beside the repository)"
    note = (
        f"{kind}: {seen.updates:,} updates, {seen.cycles} cycles, {seen.orders} orders; "
        f"journal off: {pairs.medians[1]:,.0f} updates/s"
    )
    own = Row(
        name=f"replay: {POLICY} on two books, journal on",
        value=pairs.medians[0],
        unit="updates/s",
        against_name="the same without a journal",
        against=pairs.medians[1],
        ratio=pairs.ratio,
        spread=pairs.spread,
        pairs=PAIRS,
        goal=f"{GOAL:,} updates/s",
        met=pairs.medians[0] >= GOAL,
        note=note,
    )
    return [own, *(_against_peer(seen, journal=journal) for journal in (True, False))]


def _rate_with(*, journal: bool, in_memory: bool = False) -> Callable[[], float]:
    return lambda: trade_once(journal=journal, in_memory=in_memory).rate


def _against_peer(seen: Traded, *, journal: bool) -> Row:
    kept = "journal on" if journal else "no journal on either side"
    name, goal = f"replay: against nautilus_trader, {kept}", f"{PEER_GOAL} x"
    if not RECORDING.is_dir():
        return skipped(name, "SHORTFALL: no recordings beside the repository", goal)
    per_million = round(seen.orders * 1_000_000 / seen.updates)
    try:
        python = peer_python()
        first = peer_once(python, per_million)
        own = _rate_with(journal=journal, in_memory=True)
        pairs = alternate(PAIRS, own, partial(_peer_rate, python, per_million))
    except (OSError, subprocess.CalledProcessError) as error:
        return skipped(name, f"SHORTFALL: the peer does not run: {error}", goal)
    return _peer_row(name, goal, pairs, first)


def _peer_rate(python: Path, per_million: int) -> float:
    told = peer_once(python, per_million)
    return float(told["updates"] / told["seconds"])


def _peer_row(name: str, goal: str, pairs: Pairs, first: dict[str, Any]) -> Row:
    return Row(
        name=name,
        value=pairs.medians[0],
        unit="updates/s",
        against_name=PEER_NAME,
        against=pairs.medians[1],
        ratio=pairs.ratio,
        spread=pairs.spread,
        pairs=PAIRS,
        goal=goal,
        met=pairs.ratio >= PEER_GOAL,
        note=f"nautilus_trader {first['version']}: {first['updates']:,} updates, {first['orders']} orders",
    )
