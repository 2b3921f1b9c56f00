"""The state of a run: frozen values, integers only. Units as in `dnkit.model.numbers`.

A leg's `position` is the fill ledger: what it started with plus every fill counted once. `witness` is
the venue's own word on it; the two are kept apart on purpose, and nothing is called flat until they
agree.
"""

import hashlib
from enum import IntEnum

import msgspec

from dnkit.machine.orders import Life
from dnkit.machine.program import Target
from dnkit.model.commands import EndRun
from dnkit.model.terms import OrderType, Side


class Stage(IntEnum):
    """Where the run stands around its phases."""

    START = 0  # sweeping leftovers, reading positions and books
    PHASE = 1  # a phase of the policy is at work
    LEAVE = 2  # something interrupted it: cancel and confirm, then go to `leave_to`
    SWEEP = 3  # an end was reached: last sweep of own orders before it may be called that
    HALT = 4  # alert, sweep, last look at the positions
    END = 5


class JobStage(IntEnum):
    """Where one leg stands inside a phase. The last four are settled: no live order of the job."""

    LOOK = 0  # waits for a book
    READY = 1  # priced, waits for the other leg (both or none)
    ORDER = 2  # has an order out
    PAUSE = 3  # no usable book while naked: looks again at `due_ns`
    DONE = 4  # nothing left to do
    SPENT = 5  # rungs, rejects or time used up
    REFUSED = 6  # limits refused before anything was sent
    LOST = 7  # its order could not be resolved


SETTLED = JobStage.DONE  # from here on a job has no live order


class Answer(IntEnum):
    """State of the one question a leg may have open outside of orders (position, sweep, book at START)."""

    NONE = 0
    ASKED = 1
    GOOD = 2
    BAD = 3


class Order(msgspec.Struct, frozen=True, gc=False):
    """One order of ours. `cum` lots filled, `worth` sum of price x lots. `withdraw`: we want it gone.

    `due_ns` is when silence turns to doubt (0: a resting order owes us nothing). `unsure_ns` is when
    the doubt began, `finds` how often we looked it up since, `absents` how often the venue knew nothing
    of it. `taken`: the venue showed that it took it.
    """

    n: int
    life: Life
    side: Side
    type: OrderType
    lots: int
    price: int
    sent_ns: int
    due_ns: int
    cum: int = 0
    worth: int = 0
    fee: int = 0
    withdraw: bool = False
    cancels: int = 0
    unsure_ns: int = 0
    finds: int = 0
    absents: int = 0
    taken: bool = False


class Past(msgspec.Struct, frozen=True, gc=False):
    """An order that is over. A late report may still raise its totals."""

    n: int
    side: Side
    lots: int
    cum: int
    worth: int
    fee: int


class Leg(msgspec.Struct, frozen=True, gc=False):
    """What we know of one leg.

    `entry` is the signed cost of the open position in ticks x lots, None when unknown. `cash` is the realised
    result of this run's fills in picos, fees taken off. `known` is False until START has found the opening
    position. `least` is the fewest lots the venue lets trade at the best mid seen. `settled` is the part of
    `position` that stems from past orders, so that the ledger can be checked at each step. `fill_ns` is when
    the position last moved, or may have: a fill was counted, a stray order found, a crash survived. `doubt`
    is how many more reads in a row must equal the ledger before the venue is believed again.
    """

    position: int = 0
    start: int = 0
    settled: int = 0
    entry: int | None = None
    cash: int = 0
    clip: int = 0
    hedge_min: int = 0
    fill_ns: int = 0
    order: Order | None = None
    stop: Order | None = None
    past: tuple[Past, ...] = ()
    orders: int = 0
    requests: int = 0
    pending: int = 0
    pending_ns: int = 0
    answer: Answer = Answer.NONE
    found: int = 0
    witness: int | None = None
    witness_ns: int = 0
    doubt: int = 0
    first_witness: int | None = None
    bid: int = 0
    ask: int = 0
    least: int = 1
    reach: int = 0
    lost: bool = False
    known: bool = False


class Job(msgspec.Struct, frozen=True, gc=False):
    """Progress of one job on leg `leg`; `base` is the leg's position as the phase was entered."""

    leg: int
    stage: JobStage
    base: int
    rung: int = 0
    rejects: int = 0
    reprices: int = 0
    looks: int = 0
    request: int = 0
    due_ns: int = 0
    lots: int = 0
    price: int = 0
    stop_price: int = 0
    moving: bool = False
    rejected: bool = False
    sent: int = 0
    note: str = ""


class State(msgspec.Struct, frozen=True, gc=False):
    """All of a run. `wake_ns` is when to wake us if nothing happens first.

    `dues` holds the deadline of each scope (0: none), `visits` how often each phase was entered.
    `timer_ns` is the phase's own timer, `step` where START or HALT stands, `tries` the attempts so far.
    `halt` is why we halt, "" while we do not. `leave_hedged`: to be left once the legs net to zero.
    """

    run_id: str
    seq: int
    now_ns: int
    stage: Stage
    phase: int
    legs: tuple[Leg, ...]
    visits: tuple[int, ...]
    dues: tuple[int, ...]
    jobs: tuple[Job, ...] = ()
    entered_ns: int = 0
    timer_ns: int = 0
    step: int = 0
    tries: int = 0
    request: int = 0
    alert_ok: int = 0
    started_ns: int = 0
    slice_no: int = 0
    naked_ns: int = 0
    leave_to: Target | None = None
    halt: str = ""
    stop_asked: bool = False
    leave_hedged: bool = False
    wake_ns: int | None = None
    ended: EndRun | None = None


# JSON, because sums of money in picos outgrow the 64 bits of a msgpack integer; it is as fast.
_encode = msgspec.json.Encoder().encode


def state_digest(state: State) -> str:
    """Digest of a state (hex of BLAKE2b-64 over its encoding): equal states have equal digests."""
    return hashlib.blake2b(_encode(state), digest_size=8).hexdigest()
