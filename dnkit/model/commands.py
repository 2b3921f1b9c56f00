"""Every request that may leave the engine: imperative, frozen, with ids computed from the run.

Quantities are lots, prices ticks of the leg's instrument. The journal holds a request before it is carried
out.
"""

import msgspec

from dnkit.model.terms import EndName, OrderType, Risk, Side


class PlaceOrder(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="kind"):
    """Send one order. `price` is the worst price accepted (also for MARKET, which is always capped).

    `stop` is the trigger price of a stop, else 0. `reason` names phase and rung for the story and the report.
    `adds_risk` is False for orders that can only bring a leg nearer to its target position of zero.
    """

    leg: int
    order: int
    key: str
    side: Side
    type: OrderType
    lots: int
    price: int
    stop: int
    reduce_only: bool
    adds_risk: bool
    reason: str


class CancelOrder(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="kind"):
    """Withdraw an order. Filled or gone already is a normal answer."""

    leg: int
    order: int
    key: str


class FindOrder(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="kind"):
    """Look an order up by client order id. `request` counts the look-ups of one doubt about it, from 1."""

    leg: int
    order: int
    key: str
    request: int = 0


class ReadBook(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="kind"):
    """Tell the book of a leg now, as it looks to a taker of `lots` on `side`.

    The answer has the marginal price of `lots` and the reach within `within` mbps of the far touch.
    `volume_ns` asks for the traded notional of that window (0: not asked). With `fresh_rest` a book older
    than the policy's limit may be replaced by one REST read before answering.
    """

    leg: int
    request: int
    side: Side
    lots: int
    within: int
    volume_ns: int = 0
    fresh_rest: bool = False


class ReadPosition(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="kind"):
    """Ask the venue for the position of a leg."""

    leg: int
    request: int


class SweepOrders(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="kind"):
    """List own open orders of a leg and cancel them, except the client ids in `keep`."""

    leg: int
    request: int
    keep: tuple[str, ...] = ()


class SendAlert(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="kind"):
    """Tell a human. `level` is info, warn or page."""

    request: int
    level: str
    text: str


class EndRun(msgspec.Struct, frozen=True, gc=False, tag=True, tag_field="kind"):
    """The run is over. `risk` is what is still open, `text` says why in words, residuals included."""

    end: EndName
    risk: Risk
    text: str


Command = PlaceOrder | CancelOrder | FindOrder | ReadBook | ReadPosition | SweepOrders | SendAlert | EndRun
