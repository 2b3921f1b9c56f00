"""Every fact that may enter the engine: past tense, frozen, stamped with the time it arrived.

`leg` is the index of the leg in the program; `order` the ordinal of our order on that leg, from 1. `cum` is
the cumulative filled quantity of that order in lots and `worth` the cumulative sum of price x lots (ticks
times lots): totals, so a repeated, late or reordered report changes nothing. `request` repeats the number of
the request that is answered; 0 means nobody asked (a stream told us).
"""

import msgspec

from dnkit.model.terms import EndKind, FoundKind, RejectKind, StopWhen


class Started(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The run begins. `ledger` is the journal's closing position per leg in lots, None where it knows none.

    `entry` is the signed cost of that position per leg (sum of side x price x lots over its opening fills),
    None where unknown; break-even prices need it.
    """

    at_ns: int
    ledger: tuple[int | None, ...]
    entry: tuple[int | None, ...]


class Woken(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The deadline the engine asked for has come (or passed)."""

    at_ns: int


class BookRead(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The book of a leg, as asked for. Prices in ticks, sizes in lots.

    `age_ns` is the time since the book last changed or was confirmed. `marginal` is the price of the last
    level needed for the asked quantity on the asked side, 0 when the known book does not hold it. `reach` is
    the quantity available up to `within` of the far touch. `volume` is the traded notional in picos over the
    asked window, -1 when not asked or not known.
    """

    at_ns: int
    leg: int
    request: int
    bid: int
    ask: int
    bid_lots: int
    ask_lots: int
    age_ns: int
    marginal: int
    reach: int
    volume: int = -1


class BookMissing(msgspec.Struct, frozen=True, gc=False, tag=True):
    """There is no usable book of that leg now (never seen, one side empty, or the stream is down)."""

    at_ns: int
    leg: int
    request: int
    why: str


class OrderAccepted(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The venue has taken the order. For an IOC or FOK the result is still to come."""

    at_ns: int
    leg: int
    order: int


class OrderRejected(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The venue refused the order outright: nothing of it rested or filled."""

    at_ns: int
    leg: int
    order: int
    why: RejectKind
    text: str = ""


class OrderFilled(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The venue reports trades on an order, as totals so far.

    `fee` is the total in picos; `maker` is of the last trade. `traded_ns` is the moment of that trade by
    the venue's word on our clock, 0 where it tells none: a position read of that moment or later counts it.
    """

    at_ns: int
    leg: int
    order: int
    cum: int
    worth: int
    fee: int
    maker: bool
    trade: str = ""
    traded_ns: int = 0


class OrderEnded(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The venue says the order is over. `cum` is its final total, or -1 where the venue does not tell it."""

    at_ns: int
    leg: int
    order: int
    why: EndKind
    cum: int
    worth: int = 0
    fee: int = 0


class CancelRefused(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The cancel came too late or the order is unknown there. News, not an end: look the order up."""

    at_ns: int
    leg: int
    order: int
    text: str = ""


class OrderFound(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Answer of a look-up by client order id; totals are meaningful for LIVE and OVER only.

    Where `request` is 0 nobody can tell which look-up is answered; it is taken for the last one.
    """

    at_ns: int
    leg: int
    order: int
    found: FoundKind
    cum: int = 0
    worth: int = 0
    fee: int = 0
    request: int = 0


class AnswerLost(msgspec.Struct, frozen=True, gc=False, tag=True):
    """A call ended without an answer (time-out, 5xx, broken connection). It says nothing about the order."""

    at_ns: int
    leg: int
    order: int
    text: str = ""


class PositionRead(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The venue's word on a position in signed lots; None when it could not be read. Unknown is never zero.

    `as_of_ns` is the moment the venue says it describes (our clock), at most `at_ns`.
    """

    at_ns: int
    leg: int
    request: int
    lots: int | None
    as_of_ns: int
    text: str = ""


class OrdersSwept(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Own open orders of a leg were listed and cancelled.

    `found` of them were open; `ok` is False when listing failed.
    """

    at_ns: int
    leg: int
    request: int
    ok: bool
    found: int
    text: str = ""


class AlertSent(msgspec.Struct, frozen=True, gc=False, tag=True):
    """An alert left the house, or could not (`ok` False)."""

    at_ns: int
    request: int
    ok: bool


class StopAsked(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The operator (or a signal) wants the run to end: by the policy's `stop` rule, or once it is hedged."""

    at_ns: int
    why: str
    when: StopWhen = StopWhen.NOW


class PauseAsked(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The operator wants no entry: what rests is withdrawn here, new ones are refused on their way out."""

    at_ns: int
    why: str


class ResumeAsked(msgspec.Struct, frozen=True, gc=False, tag=True):
    """Entries may go on."""

    at_ns: int
    why: str


class FlattenAsked(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The operator wants everything closed: the run halts, others close what it leaves."""

    at_ns: int
    why: str


class Restarted(msgspec.Struct, frozen=True, gc=False, tag=True):
    """The process came back after a crash: sweep own orders, resolve what is unsure, go to `recover`."""

    at_ns: int


Event = (
    Started
    | Woken
    | BookRead
    | BookMissing
    | OrderAccepted
    | OrderRejected
    | OrderFilled
    | OrderEnded
    | CancelRefused
    | OrderFound
    | AnswerLost
    | PositionRead
    | OrdersSwept
    | AlertSent
    | StopAsked
    | PauseAsked
    | ResumeAsked
    | FlattenAsked
    | Restarted
)
Wish = StopAsked | PauseAsked | ResumeAsked | FlattenAsked  # what an operator may want
VenueFact = (  # what a venue says, asked or not
    OrderAccepted
    | OrderRejected
    | OrderFilled
    | OrderEnded
    | CancelRefused
    | OrderFound
    | PositionRead
    | OrdersSwept
)
OrderFact = OrderAccepted | OrderRejected | OrderFilled | OrderEnded | CancelRefused | OrderFound | AnswerLost
