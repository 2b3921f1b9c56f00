"""Policy: the meaning of a policy file, checked and with units, before it is compiled.

Everything is frozen and comparable: parse(render(policy)) == policy. Amounts stay Decimal here; the compiler
turns them into integers once the instruments are known. Times are nanoseconds (they need no instrument).
Places in the text are kept apart, in `Loaded.spans`.
"""

from decimal import Decimal

import msgspec

from dnkit.machine.program import Anchor, Outcome, PhaseKind, SizeMode, TargetKind
from dnkit.model.terms import EndName, Intent, OrderType, Side


class Distance(msgspec.Struct, frozen=True):
    """A price distance: `unit` is "bps" (percent is turned into bps), "ticks" or "money"."""

    amount: Decimal
    unit: str


class Quantity(msgspec.Struct, frozen=True):
    """An amount to trade or to compare with. `unit`: "coin" (with `coin`), "lots", "money", "percent" (of the
    clip) or "venue_minimum".
    """

    amount: Decimal
    unit: str
    coin: str = ""


class Size(msgspec.Struct, frozen=True):
    """`word` is clip, imbalance, position or missing; "" when `amount` says it."""

    word: str = ""
    amount: Quantity | None = None


class PriceText(msgspec.Struct, frozen=True):
    """`direction` is "at", "inside" or "through"; `distance` is None for "at"."""

    anchor: Anchor
    direction: str = "at"
    distance: Distance | None = None


class Reprice(msgspec.Struct, frozen=True):
    """Move a resting order when its price is off by more than `beyond`; looked at each `every_ns`, at most
    `max` times.
    """

    beyond: Distance
    every_ns: int
    max: int


class Rest(msgspec.Struct, frozen=True, kw_only=True):
    """Work passively. `legs` are leg names, or ("missing",) / ("smaller",). `for_ns` is the patience."""

    legs: tuple[str, ...]
    qty: Size
    at: PriceText
    type: OrderType
    for_ns: int
    rejects: int = 1
    reduce_only: bool = False
    first_fill: bool = False
    reprice: Reprice | None = None


class Take(msgspec.Struct, frozen=True, kw_only=True):
    """Take liquidity rung by rung. `type` None means the phase is off (its parameter was "none")."""

    legs: tuple[str, ...]
    qty: Size
    type: OrderType | None
    ladder: tuple[PriceText, ...] = ()
    cap: Distance | None = None
    reduce_only: bool = False


class Verify(msgspec.Struct, frozen=True, kw_only=True):
    """Read the positions of all legs and compare them with the ledger and the goal."""

    goal: EndName
    tries: int
    every_ns: int


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """A protective stop: `stop` from the entry average, `limit` through the stop (None: a plain stop)."""

    leg: str
    qty: Size
    stop: Distance
    limit: Distance | None = None
    reduce_only: bool = True
    tries: int = 1


class Clear(msgspec.Struct, frozen=True):
    """Cancel everything of ours on a leg."""

    leg: str


class Run(msgspec.Struct, frozen=True):
    """Run another policy; `legs` maps its leg names to ours, `set` its parameters to texts."""

    policy: str
    legs: tuple[tuple[str, str], ...] = ()
    set: tuple[tuple[str, str], ...] = ()


class Wait(msgspec.Struct, frozen=True):
    """Do nothing for a while."""

    for_ns: int


class Alert(msgspec.Struct, frozen=True):
    """Tell a human: `level` is info, warn or page."""

    level: str
    text: str


KIND_OF: dict[type, PhaseKind] = {
    Rest: PhaseKind.REST,
    Take: PhaseKind.TAKE,
    Verify: PhaseKind.VERIFY,
    Arm: PhaseKind.ARM,
    Clear: PhaseKind.CLEAR,
    Run: PhaseKind.RUN,
    Wait: PhaseKind.WAIT,
    Alert: PhaseKind.ALERT,
}


class Goto(msgspec.Struct, frozen=True):
    """Target of an outcome: a phase by name, `done <end>` or `halt <words>`."""

    kind: TargetKind
    phase: str = ""
    end: EndName = EndName.HALTED
    text: str = ""


class PhaseText(msgspec.Struct, frozen=True, kw_only=True):
    """One phase as written. `then` holds what the text says, the compiler fills the rest; `skip` leaves it
    out.
    """

    name: str
    body: Rest | Take | Verify | Arm | Clear | Run | Wait | Alert
    then: tuple[tuple[Outcome, Goto], ...]
    visits: int = 1
    skip: bool = False


class LegText(msgspec.Struct, frozen=True, kw_only=True):
    """One leg as written. Empty symbol: the venue's default. `side` None: first leg long, second short."""

    name: str
    venue: str
    symbol: str = ""
    side: Side | None = None
    clip: Quantity | None = None
    ratio: Decimal = Decimal(1)


class Deadline(msgspec.Struct, frozen=True):
    """After `after_ns`, cancel and confirm, then go to `then`."""

    after_ns: int
    then: Goto


class Unhedged(msgspec.Struct, frozen=True):
    """Net exposure above `amount` for `for_ns`: cancel and confirm, then go to `then`."""

    amount: Quantity
    for_ns: int
    then: Goto


class Depth(msgspec.Struct, frozen=True):
    """Book depth within a distance of the far touch must hold the order; otherwise shrink it or refuse."""

    within: Distance
    shrink: bool


class MinDepth(msgspec.Struct, frozen=True):
    """At least `amount` within the first `levels` levels."""

    amount: Decimal
    levels: int


class MinVolume(msgspec.Struct, frozen=True):
    """At least `amount` of money traded in `per_ns`."""

    amount: Decimal
    per_ns: int


class Rate(msgspec.Struct, frozen=True):
    """Declared call budget per venue."""

    calls: int
    per_ns: int


class LimitsText(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of a policy; None where it sets none."""

    deadline: Deadline | None = None
    forbid: tuple[OrderType, ...] = ()
    max_spread: Distance | None = None
    max_concession: Distance | None = None
    max_slippage: Distance | None = None
    max_impact: Distance | None = None
    max_unhedged: Unhedged | None = None
    min_hedge: tuple[Quantity, ...] = ()
    depth: Depth | None = None
    min_depth: MinDepth | None = None
    min_volume: MinVolume | None = None
    liq_buffer: Decimal | None = None
    collar: Distance | None = None
    rate: Rate | None = None


class BookData(msgspec.Struct, frozen=True, kw_only=True):
    """`data.bbo` and `data.stream`: how old market data may be. `stale` is rest, hold or halt."""

    source: str = "ws"
    max_age_ns: int | None = None
    stale: str = "hold"
    max_silence_ns: int | None = None


class SizeText(msgspec.Struct, frozen=True, kw_only=True):
    """`size:` the clip as money against the book: target, mode, impact limit over a number of levels."""

    target: Quantity
    mode: SizeMode
    impact_max: Distance | None = None
    levels: int = 10
    step: Quantity | None = None


class TargetsText(msgspec.Struct, frozen=True, kw_only=True):
    """`targets:` what runs are meant to show; None where nothing is said. Shares are percentages."""

    run_ns: int | None = None
    verify_ns: int | None = None
    reconnect_ns: int | None = None
    success: Decimal | None = None
    fills: Decimal | None = None
    runs: int | None = None


class Param(msgspec.Struct, frozen=True, kw_only=True):
    """A declared parameter with the value in force. `low`/`high`/`choices` are texts as written."""

    name: str
    type: str
    default: str
    value: str
    low: str = ""
    high: str = ""
    choices: tuple[str, ...] = ()


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a guard's rule table; `when` is the expression's text in canonical form. `at_once`: no `for`
    wanted.
    """

    name: str
    when: str
    do: str
    reason: str = ""
    for_checks: int = 0
    at_once: bool = False


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What a guard looks at, and how often. Facts are (name, canonical expression text)."""

    every_ns: int
    facts: tuple[tuple[str, str], ...]
    pairs: int = 1


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """A policy in force: after extends, overlays (for the given reason and venues) and parameters."""

    name: str
    intent: Intent
    summary: str
    legs: tuple[LegText, ...]
    phases: tuple[PhaseText, ...] = ()
    clip: Quantity | None = None
    params: tuple[Param, ...] = ()
    limits: LimitsText = LimitsText()
    data: BookData = BookData()
    reasons: tuple[tuple[str, tuple[str, ...]], ...] = ()
    recover: str = ""
    stop: Goto | None = None
    slice: Quantity | None = None
    size: SizeText | None = None
    imbalance: str = ""
    watch: Watch | None = None
    rules: tuple[Rule, ...] = ()
    keeps: tuple[str, ...] = ()
    alerts: tuple[tuple[str, str], ...] = ()
    deadman_ns: int | None = None
    backoff: tuple[int, int, int] | None = None
    targets: TargetsText | None = None
    reason: str = ""
