"""Program: a policy as the engine runs it. Frozen, hashable, integers only, with a digest.

Shapes: `legs`, `scopes` and `phases` are tuples; everything refers to them by index. Units as in
`dnkit.model.numbers`: ticks, lots, nanoseconds, picos of money, mbps. -1 means "no limit" wherever a limit is
an int.
"""

import hashlib
from enum import Enum

import msgspec

from dnkit.model.instrument import Instrument
from dnkit.model.terms import EndName, Intent, OrderType, Side

NO_LIMIT = -1
PICK_SMALLER = -1  # job.leg: the leg with the smaller exposure when the phase is entered
PICK_MISSING = (
    -2
)  # job.leg: the leg that is behind its target (by progress toward the clip) when the phase is entered


class PhaseKind(str, Enum):
    """What a phase does. RUN enters the scope of an inlined sub-policy."""

    REST = "rest"
    TAKE = "take"
    VERIFY = "verify"
    ARM = "arm"
    CLEAR = "clear"
    WAIT = "wait"
    ALERT = "alert"
    RUN = "run"


class Outcome(str, Enum):
    """Closed list of what a phase may answer; OUTCOMES says which kind answers which."""

    FILLED = "filled"
    FIRST = "first"
    PARTIAL = "partial"
    NONE = "none"
    REJECTED = "rejected"
    REFUSED = "refused"
    SHORT = "short"
    OK = "ok"
    CONFLICT = "conflict"
    ERROR = "error"
    ARMED = "armed"
    FAILED = "failed"
    CLEAR = "clear"
    ELAPSED = "elapsed"
    SENT = "sent"
    FLAT = "flat"
    HEDGED = "hedged"
    PROTECTED = "protected"
    IDLE = "idle"
    HALT = "halt"
    EXHAUSTED = "exhausted"


OUTCOMES: dict[PhaseKind, tuple[Outcome, ...]] = {
    PhaseKind.REST: (
        Outcome.FILLED,
        Outcome.FIRST,
        Outcome.PARTIAL,
        Outcome.NONE,
        Outcome.REJECTED,
        Outcome.REFUSED,
    ),
    PhaseKind.TAKE: (Outcome.FILLED, Outcome.FIRST, Outcome.SHORT, Outcome.REFUSED),
    PhaseKind.VERIFY: (Outcome.OK, Outcome.SHORT, Outcome.CONFLICT, Outcome.ERROR),
    PhaseKind.ARM: (Outcome.ARMED, Outcome.FAILED),
    PhaseKind.CLEAR: (Outcome.CLEAR, Outcome.ERROR),
    PhaseKind.WAIT: (Outcome.ELAPSED,),
    PhaseKind.ALERT: (Outcome.SENT, Outcome.FAILED),
    PhaseKind.RUN: (Outcome.FLAT, Outcome.HEDGED, Outcome.PROTECTED, Outcome.IDLE, Outcome.HALT),
}


class Anchor(str, Enum):
    """What a price is measured from. TOUCH is the far touch, JOIN the own touch."""

    TOUCH = "touch"
    JOIN = "join"
    MID = "mid"
    MARK = "mark"
    BREAK_EVEN = "break_even"
    ENTRY = "entry"
    STOP = "stop"


class Unit(str, Enum):
    """Unit of a price distance: mbps of the anchor, ticks, or picos of quote currency."""

    MBPS = "mbps"
    TICKS = "ticks"
    MONEY = "money"


class PriceRule(msgspec.Struct, frozen=True):
    """`amount` of `unit` from `anchor`.

    `toward` is +1 through (aggressive), -1 inside (passive), 0 exactly at it.
    """

    anchor: Anchor
    toward: int = 0
    amount: int = 0
    unit: Unit = Unit.MBPS


class SizeKind(str, Enum):
    """What a job trades. Always what the fill ledger says remains of it."""

    CLIP = "clip"  # own part of the clip (or of the slice), on the leg's side
    IMBALANCE = (
        "imbalance"  # what brings the sum of exposures to zero, traded on this leg ("missing" is the same)
    )
    POSITION = "position"  # the leg's whole position, toward zero
    FIXED = "fixed"  # an amount, on the leg's side (reduce-only jobs: toward zero)


class Amount(msgspec.Struct, frozen=True):
    """A size in several units; the largest part counts.

    `base` is picos of coin, `money` picos of quote currency (at mid), `clip_mbps` a share of the clip.
    """

    base: int = 0
    money: int = 0
    clip_mbps: int = 0
    lots: int = 0
    venue_minimum: bool = False


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What one leg does inside a phase of kind REST, TAKE, ARM or CLEAR.

    `leg` is an index or PICK_SMALLER / PICK_MISSING. `rungs` are tried in order, one order each (REST has
    one). `cap` bounds MARKET orders, mbps from the far touch. `reduces` says the order may only bring the
    position nearer to zero: sized from the ledger always, flagged reduce-only where the venue takes the flag
    for `type`. `rejects` is how many post-only rejects (REST) or failed placements (ARM) are borne before
    giving up. `stop` is the trigger of an ARM.
    """

    leg: int
    size: SizeKind
    type: OrderType
    rungs: tuple[PriceRule, ...] = ()
    amount: Amount = Amount()
    cap: int = NO_LIMIT
    reduces: bool = False
    rejects: int = 1
    stop: PriceRule | None = None


class TargetKind(str, Enum):
    """Where an outcome leads."""

    PHASE = "phase"
    DONE = "done"
    HALT = "halt"


class Target(msgspec.Struct, frozen=True):
    """Next phase (index), an intended end, or a halt with words."""

    kind: TargetKind
    phase: int = -1
    end: EndName = EndName.HALTED
    text: str = ""


class Phase(msgspec.Struct, frozen=True, kw_only=True):
    """One phase; `line` is its line in the policy.

    `then` holds a target for every outcome of its kind, and for EXHAUSTED. REST: `for_ns`, `first_fill` (stop
    at the first fill), `reprice_beyond` mbps (NO_LIMIT: never) looked at each `reprice_every_ns`, at most
    `reprice_max` times. VERIFY: `goal`, `tries`, `every_ns`. WAIT: `for_ns`. ALERT: `level`, `text`. RUN:
    `enters`, the scope whose phases it runs; `then` of its outcomes is already wired into the targets of that
    scope's phases, `start` is the scope's first phase. `skip` is the outcome to take without doing anything,
    or None.
    """

    name: str
    line: int
    kind: PhaseKind
    scope: int
    visits: int
    then: tuple[tuple[Outcome, Target], ...]
    jobs: tuple[Job, ...] = ()
    for_ns: int = 0
    first_fill: bool = False
    reprice_beyond: int = NO_LIMIT
    reprice_every_ns: int = 0
    reprice_max: int = 0
    goal: EndName = EndName.FLAT
    tries: int = 1
    every_ns: int = 0
    level: str = "info"
    text: str = ""
    enters: int = -1
    start: int = -1
    skip: Outcome | None = None

    def target(self, outcome: Outcome) -> Target:
        """Where that outcome leads; KeyError if this kind of phase has no such outcome."""
        for one, target in self.then:
            if one is outcome:
                return target
        raise KeyError(f"{self.name} has no outcome {outcome.value}")


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits in force inside one scope; NO_LIMIT where the policy sets none.

    `spread_max`, `concession_max`, `depth_within` in mbps; `unhedged_max`, `depth_min`, `volume_min` in picos
    of money. `depth_shrink`: True sizes down to the depth, False refuses. `stale_rest` asks for one read
    where a book is too old, `stale_halt` halts a balanced run for it.
    """

    deadline_ns: int = NO_LIMIT
    deadline_to: Target | None = None
    spread_max: int = NO_LIMIT
    concession_max: int = NO_LIMIT
    unhedged_max: int = NO_LIMIT
    unhedged_ns: int = 0
    unhedged_to: Target | None = None
    hedge_min: Amount = Amount(venue_minimum=True)
    depth_within: int = NO_LIMIT
    depth_shrink: bool = True
    depth_min: int = NO_LIMIT
    volume_min: int = NO_LIMIT
    volume_ns: int = 0
    book_age_ns: int = NO_LIMIT
    stale_rest: bool = False
    stale_halt: bool = False
    forbid: tuple[OrderType, ...] = ()


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """A policy or an inlined sub-policy. Scope 0 is the policy itself.

    `halt_to` is where a halt inside leads (None: the run halts).

    `legs` are the indexes of the legs the scope's policy trades; a VERIFY inside looks at those only.
    """

    name: str
    parent: int
    legs: tuple[int, ...]
    limits: Limits
    intent: Intent
    halt_to: Target | None = None


class SizeMode(str, Enum):
    """What to do when the book does not hold the wanted clip within the impact limit."""

    CONSERVATIVE = "conservative"  # the largest whole lot within the limit
    STRICT = "strict"  # nothing: end idle
    AGGRESSIVE = "aggressive"  # the whole clip, noting the impact


class LegSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One leg: where it trades, which way, and what its venue can do.

    `side` is the sign of the position the policy opens (or, when seeding a close, finds). `ratio` weighs the
    leg's exposure in thousandths where exposure is counted in money. `flags` lists types that take
    reduce-only there. `market_native` False turns a capped MARKET into an IOC at the cap.
    """

    name: str
    instrument: Instrument
    side: Side
    clip: Amount
    flags: tuple[OrderType, ...]
    market_native: bool
    cancel_cum: bool
    position_stream: bool
    answer_within_ns: int
    lookup_lag_ns: int
    position_lag_ns: int
    ratio: int = 1000

    def sends(self, type: OrderType) -> OrderType:
        """The type an order of that type is sent with."""
        return OrderType.IOC if type is OrderType.MARKET and not self.market_native else type


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """A compiled policy. `digest` covers everything else, so two equal machines have equal digests.

    `relative`: imbalance counts fills of this run only (opens); otherwise whole positions. `by_money`:
    exposure is notional at mid (two coins) instead of coin. `slice_size` repeats the graph until the clip is
    done. `impact_max` mbps with `size_mode` bounds the clip at START. `reduce` is the index of the
    compiler-added TAKE phase that finishes the healthy legs of a close before a halt (every outcome of it
    halts), -1 where there is none.
    """

    name: str
    intent: Intent
    legs: tuple[LegSpec, ...]
    scopes: tuple[Scope, ...]
    phases: tuple[Phase, ...]
    start: int
    recover: int
    relative: bool
    by_money: bool
    stop_to: Target
    reduce: int = -1
    slice_size: Amount | None = None
    impact_max: int = NO_LIMIT
    size_mode: SizeMode = SizeMode.CONSERVATIVE
    digest: str = ""


def with_digest(program: Program) -> Program:
    """The same program with its digest filled in (hex of BLAKE2b-128 over its encoding)."""
    bare = msgspec.structs.replace(program, digest="")
    digest = hashlib.blake2b(msgspec.json.encode(bare), digest_size=16).hexdigest()
    return msgspec.structs.replace(bare, digest=digest)
