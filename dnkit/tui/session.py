"""What one screen follows: a run of the journal, live or played again. Reads only; the clock is handed in."""

import time
from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from itertools import takewhile
from pathlib import Path

from msgspec.structs import replace

from dnkit.journal.errors import JournalError
from dnkit.journal.reader import LAST, Reader
from dnkit.journal.records import AlertLine, Run
from dnkit.machine.program import LegSpec
from dnkit.model.numbers import NS_PER_S
from dnkit.tui.view.scene import (
    ENDED,
    GRACE_NS,
    LIVE,
    REPLAY,
    SILENCE,
    Budget,
    Ladder,
    Moment,
    Scene,
    Tape,
    moment_of,
)
from dnkit.tui.view.trail import Trail
from dnkit.tui.wishes import Shown

LOOK_NS = NS_PER_S // 4  # how often alerts, the list of runs and a newer run are looked for
RUNS_MOST = 100
ALERT_RUNS = 20  # so many cycles back alerts are shown
SPEEDS = (1, 2, 5, 10, 50, 200)
Budgets = Mapping[str, Budget]
NO_BUDGETS: Budgets = {}


class Session:
    """`wanted` is a run's id, or "last": then a newer run is followed as soon as there is one. `but` is a
    run that is not to be shown for being the last.
    """

    def __init__(
        self,
        path: Path,
        wanted: str = LAST,
        *,
        read_only: bool = False,
        budgets: Budgets = NO_BUDGETS,
        but: str = "",
    ) -> None:
        self.path = path
        self.reader: Reader | None = None
        self.scene = Scene(trail=None, moment=Moment(0, LIVE), read_only=read_only, budgets=budgets)
        self._wanted = wanted
        self._but = but
        self._arrived_ns = 0
        self._alive_ns = 0
        self._looked_ns: int | None = None
        self._tape_ns = 0
        self._played_ns = 0

    def poll(self, wall_ns: int) -> bool:
        """Read what is new at `wall_ns` (any clock that only grows); whether anything was. A journal that
        cannot be read is told, and read again.
        """
        if self.reader is None and not self._open_journal():
            return False
        try:
            return self._read(wall_ns)
        except JournalError as error:
            if self.scene.trail is None:
                self.close()  # its first writer may be about to make the tables
            else:
                self.scene.told = str(error)
            return False

    def _read(self, wall_ns: int) -> bool:
        news = self._look_around(wall_ns)
        trail = self.scene.trail
        if trail is None:
            return news
        if self.scene.moment.way == REPLAY:
            return self._play(trail, wall_ns) or news
        if trail.advance():
            self._arrived_ns, news = wall_ns, True
        self._tell_time(trail, wall_ns)
        return news

    def open(self, run: Run, wall_ns: int) -> None:
        """Show a run: an unfinished one as it goes on, an ended one to be played again from its start."""
        assert self.reader is not None, "runs come from a journal that is open"
        trail = Trail(self.reader, run)
        self.scene.trail, self._wanted = trail, run.header.run_id
        self.scene.ladders, self.scene.word = {}, SILENCE
        if run.end is None:
            self._follow(trail, wall_ns)
        else:
            self.rewind(wall_ns)

    def rewind(self, wall_ns: int) -> None:
        """Stand at the first line of the run, ready to play it again."""
        trail = self.scene.trail
        if trail is None:
            return
        trail.open_near(0)
        trail.advance(1)
        self.scene.tape = Tape()
        self._stand(trail, wall_ns)

    def follow(self, wall_ns: int) -> None:
        """Stop playing: show the run as it is now, and any newer one from then on."""
        self._wanted = LAST
        if self.scene.trail is not None:
            self._follow(self.scene.trail, wall_ns)

    def step(self, lines: int, wall_ns: int) -> None:
        """Go so many lines on, or back."""
        trail = self.scene.trail
        if trail is not None:
            self.go(max(1, min(trail.seq + lines, trail.last_seq())), wall_ns)

    def jump(self, way: int, wall_ns: int) -> None:
        """Go to the line at which the run last (-1) or next (1) went to another place."""
        trail = self.scene.trail
        if trail is not None:
            self.go(trail.jump(way), wall_ns)

    def go(self, seq: int, wall_ns: int) -> None:
        """Go to a line."""
        trail = self.scene.trail
        if trail is not None and self.scene.tape is not None:
            trail.seek(seq)
            self._stand(trail, wall_ns)

    def play(self, wall_ns: int) -> None:
        """Let time go on, or stand still."""
        if self.scene.tape is not None:
            self.scene.tape = replace(self.scene.tape, playing=not self.scene.tape.playing)
            self._played_ns = wall_ns

    def speed(self, way: int) -> None:
        """Play faster (1) or slower (-1)."""
        if self.scene.tape is not None:
            at = SPEEDS.index(self.scene.tape.speed) + way
            self.scene.tape = replace(self.scene.tape, speed=SPEEDS[max(0, min(at, len(SPEEDS) - 1))])

    def alive(self, at_ns: int) -> None:
        """The engine itself was last heard then, on the clock of `poll`; 0 for never."""
        self._alive_ns = at_ns

    def show_books(self, books: Mapping[str, Shown]) -> bool:
        """Take live books in; whether they are other ones."""
        trail = self.scene.trail
        ladders = {} if trail is None or self.scene.moment.way == REPLAY else _ladders(trail, books)
        news = ladders != self.scene.ladders
        self.scene.ladders = ladders
        return news

    def close(self) -> None:
        """Let go of the journal."""
        if self.reader is not None:
            self.reader.close()
            self.reader = None

    def _open_journal(self) -> bool:
        with suppress(JournalError):
            self.reader = Reader(self.path)
        return self.reader is not None

    def _follow(self, trail: Trail, wall_ns: int) -> None:
        self.scene.tape = None
        trail.open_near(trail.last_seq())
        trail.advance(most=trail.last_seq() - trail.seq)
        self._arrived_ns = wall_ns - _age_ns(self.path)
        self._tell_time(trail, wall_ns)

    def _tell_time(self, trail: Trail, wall_ns: int) -> None:
        ended = trail.close() if trail.state.ended is not None else False
        moment = moment_of(trail, ENDED if ended else LIVE, self._arrived_ns, wall_ns)
        if self._alive_ns and wall_ns - self._alive_ns < GRACE_NS:
            moment = replace(moment, silent_ns=0)  # slower than real time, or late: but it speaks
        self.scene.moment = moment

    def _look_around(self, wall_ns: int) -> bool:
        """Runs, alerts, and whether a newer run is to be shown; seldom, for they do not change often."""
        if self._looked_ns is not None and wall_ns - self._looked_ns < LOOK_NS:
            return False
        assert self.reader is not None, "it was opened"
        self._looked_ns = wall_ns
        before = (self.scene.runs, self.scene.alerts)
        self.scene.runs = tuple(self.reader.runs(limit=RUNS_MOST))
        self._choose(wall_ns)
        self.scene.alerts = self._alerts()
        return before != (self.scene.runs, self.scene.alerts)

    def _alerts(self) -> tuple[AlertLine, ...]:
        """Alerts of all runs of the command that is shown, as they came."""
        assert self.reader is not None, "it was opened"
        trail = self.scene.trail
        if trail is None:
            return ()
        group = [run.header.run_id for run in self.scene.runs if run.header.group == trail.run.header.group]
        runs = {trail.run_id, *group[:ALERT_RUNS]}
        found = [one for run_id in sorted(runs) for one in self.reader.alerts(run_id)]
        return tuple(sorted(found, key=lambda one: one.at_ns))

    def _choose(self, wall_ns: int) -> None:
        """The run to show: the wanted one, else the newest unless one that goes on is being watched."""
        assert self.reader is not None, "it was opened"
        trail = self.scene.trail
        if self._wanted != LAST:
            if trail is None:
                self.open(self.reader.run(self._wanted), wall_ns)
            return
        newer = self._newer()
        if newer is not None:
            self.open(newer, wall_ns)
            self.follow(wall_ns)

    def _newer(self) -> Run | None:
        """The run to go to. One that goes on is stayed with; after it comes the next of its command, and
        that of another only once this one is over, or flattens: it makes runs of their own for that.
        """
        runs, trail, word = self.scene.runs, self.scene.trail, self.scene.word
        if trail is None:
            return runs[0] if runs and runs[0].header.run_id != self._but else None
        if trail.run.end is None and not self.scene.stale:
            return None
        newer = list(takewhile(lambda run: run.header.run_id != trail.run_id, runs))
        own = [run for run in newer if run.header.group == trail.run.header.group]
        if own or not newer:
            return own[0] if own else None
        return newer[0] if not word.linked or word.flattening or word.stopping else None

    def _stand(self, trail: Trail, wall_ns: int) -> None:
        self._tape_ns, self._played_ns = trail.state.now_ns, wall_ns
        self.scene.moment = Moment(self._tape_ns, REPLAY)

    def _play(self, trail: Trail, wall_ns: int) -> bool:
        tape = self.scene.tape
        if tape is None or not tape.playing:
            return False
        self._tape_ns += (wall_ns - self._played_ns) * tape.speed
        self._played_ns = wall_ns
        trail.advance(until_ns=self._tape_ns)
        self.scene.moment = Moment(self._tape_ns, REPLAY)
        if trail.seq >= trail.last_seq():
            self.scene.tape = replace(tape, playing=False)
            self._stand(trail, wall_ns)
        return True


def _age_ns(path: Path) -> int:
    """How long ago the journal was last written, in whole seconds: a run that was cut off an hour ago is
    silent at once.
    """
    found = [one.stat() for one in (path, path.with_name(f"{path.name}-wal")) if one.exists()]
    # an empty log is one that a reader made
    last = max((one.st_mtime_ns for one in found if one.st_size), default=time.time_ns())
    return max(0, time.time_ns() - last) // NS_PER_S * NS_PER_S


def _ladders(trail: Trail, books: Mapping[str, Shown]) -> dict[int, Ladder]:
    """Books by index of the leg, on its grid."""
    return {
        at: _ladder(spec, books[spec.name])
        for at, spec in enumerate(trail.program.legs)
        if spec.name in books
    }


def _ladder(spec: LegSpec, book: Shown) -> Ladder:
    return Ladder(book.at_ns, _levels(spec, book.bids), _levels(spec, book.asks))


def _levels(spec: LegSpec, levels: tuple[tuple[str, str], ...]) -> tuple[tuple[int, int], ...]:
    """Levels in ticks and whole lots, rounded down."""
    tick, lot = spec.instrument.tick, spec.instrument.lot
    return tuple((int(Decimal(price) / tick), int(Decimal(size) / lot)) for price, size in levels)
