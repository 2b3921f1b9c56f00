"""All that a screen can show at one moment, and what its user looks at."""

from collections.abc import Mapping

import msgspec

from dnkit.journal.records import AlertLine, Run
from dnkit.tui.view.trail import Trail

SCREENS = ("legs", "book", "journal", "policy", "venues", "alerts", "runs")
LIVE, ENDED, REPLAY = "live", "ended", "replay"
GRACE_NS = 2_000_000_000  # so long a line may be late before the engine is called silent


class Moment(msgspec.Struct, frozen=True):
    """`now_ns` is on the run's clock, `way` is how the run is watched (live, ended, replay), `silent_ns` for
    how long the engine has said nothing although it was due (0: it was not).
    """

    now_ns: int
    way: str
    silent_ns: int = 0


class Ladder(msgspec.Struct, frozen=True):
    """A live book: (price in ticks, lots) best first, and when it was last true on the run's clock."""

    at_ns: int
    bids: tuple[tuple[int, int], ...]
    asks: tuple[tuple[int, int], ...]


class Tape(msgspec.Struct, frozen=True):
    """How a replay is played: `speed` times as fast as it was, standing still or not."""

    speed: int = 1
    playing: bool = False


class Budget(msgspec.Struct, frozen=True):
    """Calls that a venue takes in a window."""

    calls: int
    window_ns: int


class Box(msgspec.Struct):
    """A dialog over the screen: `kind` of it, what was `typed`, when it was opened (any clock), what the
    engine `said` to it, and the newest run there was then.
    """

    kind: str
    typed: str = ""
    opened_ns: int = 0
    said: str = ""
    since: str = ""


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine's socket last said of a command: `positions` signed coin by leg (`names`), None where
    unknown; `ended` its last word, "" while it works, and `risk` what it left open then.
    """

    linked: bool = False
    paused: bool = False
    stopping: str = ""
    flattening: bool = False
    names: tuple[str, ...] = ()
    positions: tuple[str | None, ...] = ()
    ended: str = ""
    risk: str = ""


SILENCE = Word()


class Look(msgspec.Struct):
    """What the user looks at. `at` is the selected row of each screen, -1 for the last one; `sought` the
    filter.
    """

    screen: str = "legs"
    at: dict[str, int] = {}
    sought: str = ""
    frozen: bool = False
    opened: bool = False
    box: Box | None = None


class Scene(msgspec.Struct, kw_only=True):
    """`alerts` are those of all runs of the command, `acked` those the user has seen, `word` is the
    engine's last one, `concession` how far past the touch a flatten may go (mbps, -1: not known), `told`
    the last word to the user, `starting` what an engine says that has no run yet.
    """

    trail: Trail | None
    moment: Moment
    runs: tuple[Run, ...] = ()
    alerts: tuple[AlertLine, ...] = ()
    acked: set[AlertLine] = msgspec.field(default_factory=set)
    ladders: Mapping[int, Ladder] = {}
    budgets: Mapping[str, Budget] = {}
    tape: Tape | None = None
    read_only: bool = False
    word: Word = SILENCE
    concession: int = -1
    told: str = ""
    starting: tuple[str, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether the numbers shown may not be true any more."""
        return self.moment.silent_ns > 0

    @property
    def unacked(self) -> int:
        """Alerts louder than info that nobody has acknowledged here."""
        return sum(one.alert.severity != "info" and one not in self.acked for one in self.alerts)


def moment_of(trail: Trail, way: str, arrived_ns: int, wall_ns: int) -> Moment:
    """The moment of a run whose last line arrived at `arrived_ns` when it is `wall_ns` on the same clock.

    Between two lines the run's clock goes on as ours does, but never past the moment at which the engine
    wanted to be woken: from then on it is overdue.
    """
    state, passed = trail.state, max(0, wall_ns - arrived_ns)
    if way != LIVE:
        return Moment(state.now_ns, way)
    rest = 0 if state.wake_ns is None else max(0, state.wake_ns - state.now_ns)
    late = passed - rest
    return Moment(state.now_ns + min(passed, rest), way, passed if late > GRACE_NS else 0)
