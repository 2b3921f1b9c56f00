"""The paper venue: any venue with a capability file, matched on a live book, with no order sent anywhere.

Sans-IO: time is `now()`, later is `schedule(at_ns, call)`, and every fact goes out through `emit`. A request
reaches the venue one latency after it was made and is judged against the book of that moment; its answer
needs one latency more. Both ways keep their order, whatever order `schedule` runs calls of one instant in.
The capability file decides how things are said (a post-only violation, the result of an IOC, the total in a
cancel), never what happened.
"""

from collections import deque
from collections.abc import Callable, Sequence

import msgspec

from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.errors import BugError
from dnkit.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderEnded,
    OrderFilled,
    OrderFound,
    OrderRejected,
    OrdersSwept,
    PositionRead,
    VenueFact,
)
from dnkit.model.instrument import Instrument
from dnkit.model.terms import STOPS, EndKind, FoundKind, OrderType, PostOnlyCross, RejectKind, Side
from dnkit.venues.account import Account, PaperFill
from dnkit.venues.base import Request
from dnkit.venues.liquidity import ShownBook
from dnkit.venues.matcher import Matcher, trade_name
from dnkit.venues.paper_order import PaperOrder
from dnkit.venues.position_memory import PositionMemory

KEPT_ORDERS = 10_000

# Ends whose total the venue tells only where its cancel acknowledgement carries one.
_TOLD_BY_CANCEL = (EndKind.CANCELLED, EndKind.POST_ONLY_CROSS)


class PaperVenue:
    """One leg's venue: five requests from the run, two hooks from the market (needed while `resting`)."""

    def __init__(
        self,
        leg: int,
        capabilities: Capabilities,
        instrument: Instrument,
        book: ShownBook,
        account: Account,
        schedule: Callable[[int, Callable[[], None]], None],
        emit: Callable[[VenueFact], None],
        now: Callable[[], int],
        *,
        lag_reads: bool = False,
        lookup_visible_ns: int = 0,
        seed: int = 0,
        changed: Callable[[PaperOrder], None] | None = None,
    ) -> None:
        """`lag_reads` and `seed` say how old position reads are (see PositionMemory).

        `lookup_visible_ns` is how long a look-up does not know a new order yet. `changed` hears of an order
        at the moment something became of it, before anybody is told.
        """
        if (account.lot, account.tick) != (instrument.lot, instrument.tick):
            raise BugError("grid: a paper account must count in the lots and ticks of its venue's instrument")
        self.leg = leg
        self.capabilities = capabilities
        self.instrument = instrument
        self.account = account
        self.opening = account.lots
        self._schedule = schedule
        self._emit = emit
        self._now = now
        self._lookup_visible_ns = lookup_visible_ns
        self._changed = changed
        self._inbox: deque[Request] = deque()
        self._outbox: deque[VenueFact] = deque()
        self._orders: dict[str, PaperOrder] = {}
        self._finished: deque[PaperOrder] = deque()
        self._forgotten_lots = 0
        lag_ns = capabilities.position_lag_ns
        self._memory = PositionMemory(now(), account.lots, lag_ns, whole=lag_reads, seed=f"{seed}:{leg}")
        self._matcher = Matcher(
            instrument, book, account, now=now, filled=self._tell_fill, ended=self._tell_end
        )
        self._work: dict[type[Request], Callable[..., None]] = {
            PlaceOrder: self._placed,
            CancelOrder: self._cancelled,
            FindOrder: self._looked_up,
            ReadPosition: self._position_asked,
            SweepOrders: self._swept,
        }
        self._execute = {
            OrderType.POST_ONLY: self._post,
            OrderType.GTC: self._enter,
            OrderType.IOC: self._take_now,
            OrderType.FOK: self._take_now,
            OrderType.MARKET: self._take_now,
            OrderType.STOP: self._arm,
            OrderType.STOP_LIMIT: self._arm,
        }

    # What the run asks

    def place(self, request: PlaceOrder) -> None:
        """Send an order; answered by OrderAccepted, OrderRejected, OrderFilled or OrderEnded."""
        self.ask(request)

    def cancel(self, request: CancelOrder) -> None:
        """Withdraw an order; answered by OrderEnded, or CancelRefused when it is gone or unknown."""
        self.ask(request)

    def find(self, request: FindOrder) -> None:
        """Look an order up by client id; answered by OrderFound."""
        self.ask(request)

    def read_position(self, request: ReadPosition) -> None:
        """Read the position; answered by PositionRead, as old as the venue's reads are."""
        self.ask(request)

    def sweep(self, request: SweepOrders) -> None:
        """Cancel every open order but the kept ones; answered by their OrderEnded and one OrdersSwept."""
        self.ask(request)

    def ask(self, request: Request) -> None:
        """Send any of the five; it arrives one latency later."""
        self._inbox.append(request)
        self._schedule(self._now() + self.capabilities.latency_ns, self._arrive)

    def recall(self, asked: PlaceOrder, fills: Sequence[PaperFill]) -> None:
        """Know an order of a process that died. It ended there, after `fills`, which the account holds."""
        order = PaperOrder(asked=asked, since_ns=0, trades=len(fills), ended=EndKind.CANCELLED)
        order.cum = sum(abs(one.lots) for one in fills)
        order.taker_worth = sum(abs(one.lots) * one.price for one in fills)
        order.fee = sum(one.fee for one in fills)
        self.opening -= asked.side * order.cum
        self._orders[asked.key] = order
        self._finished.append(order)

    def endow(self, lots: int, price: int, by: str) -> None:
        """Give the account signed `lots` at `price` ticks as its start. It always had them: no read is so old
        that it does not show them.
        """
        side = Side.BUY if lots > 0 else Side.SELL
        self.account.fill(side, abs(lots), price, 0, at_ns=self._now(), trade=f"seed by {by}")
        self.opening += lots
        self._memory.begin(self._now(), self.account.lots)

    # What the market says

    @property
    def resting(self) -> bool:
        """Whether anything rests here, so that trades and book changes matter."""
        return self._matcher.resting

    def on_trade(self, aggressor: Side, price_pico: int, lots: int) -> None:
        """A trade of `lots` happened at `price_pico` picos of quote currency, taken by `aggressor`."""
        if self._matcher.resting:
            self._matcher.on_trade(aggressor, price_pico, lots)

    def on_book(self) -> None:
        """The touch or a level of the book changed."""
        if self._matcher.resting:
            self._matcher.on_book()

    def liquidate(self, price: int) -> None:
        """The venue takes the position away, at `price` ticks. No order of ours is part of it."""
        lots = self.account.lots
        if lots:
            side = Side.SELL if lots > 0 else Side.BUY
            self.account.fill(side, abs(lots), price, 0, at_ns=self._now(), trade="liquidated")
            self.opening -= lots
            self._moved()

    # What a judge may look at

    @property
    def position(self) -> int:
        """Signed lots of the account now, without any lag."""
        return self.account.lots

    @property
    def executed(self) -> int:
        """Signed lots that all orders here traded, summed from the orders and not from the account."""
        return self._forgotten_lots + sum(one.asked.side * one.cum for one in self._orders.values())

    @property
    def orders_on_the_way(self) -> int:
        """Orders that were sent and have not reached the venue yet."""
        return sum(isinstance(request, PlaceOrder) for request in self._inbox)

    def resting_orders(self) -> tuple[PlaceOrder, ...]:
        """Every order that is still open here, stops included."""
        return tuple(one.asked for one in self._matcher.orders())

    def order(self, key: str) -> PaperOrder | None:
        """What became of an order of that client id; None where it never came here, or is forgotten."""
        return self._orders.get(key)

    def every_order(self) -> tuple[PaperOrder, ...]:
        """Every order that ever came here and is not forgotten, oldest first."""
        return tuple(self._orders.values())

    # The wire: one latency each way, first in first out

    def _arrive(self) -> None:
        request = self._inbox.popleft()
        self._work[type(request)](request)

    def _tell(self, event: VenueFact) -> None:
        self._outbox.append(event)
        self._schedule(self._now() + self.capabilities.latency_ns, self._deliver)

    def _deliver(self) -> None:
        self._emit(msgspec.structs.replace(self._outbox.popleft(), at_ns=self._now()))

    # Placing

    def _placed(self, asked: PlaceOrder) -> None:
        known = self._orders.get(asked.key)
        if known is not None:
            self._tell_repeated(known)
            return
        order = PaperOrder(asked=asked, since_ns=self._now())
        self._orders[asked.key] = order
        refusal = self._refusal(asked)
        if refusal is None:
            self._execute[asked.type](order)
        else:
            self._refuse(order, *refusal)
        self._note(order)

    def _note(self, order: PaperOrder) -> None:
        if self._changed is not None:
            self._changed(order)

    def _refusal(self, asked: PlaceOrder) -> tuple[RejectKind, str] | None:
        """Why the venue does not take the order at all, None when it does."""
        if asked.type not in self.capabilities.types:
            return RejectKind.OTHER, f"{self.capabilities.venue} has no {asked.type.value} orders"
        if asked.price <= 0 or (asked.type in STOPS and asked.stop <= 0):
            return RejectKind.OTHER, "the price is not positive"
        if not self.instrument.tradable(asked.price, asked.lots):
            return RejectKind.TOO_SMALL, "below the minimum quantity or notional"
        if asked.reduce_only and asked.type not in self.capabilities.reduce_only:
            return RejectKind.REDUCE_ONLY, f"reduce-only is not taken on {asked.type.value} orders"
        if asked.reduce_only and not self._matcher.reducible(asked.side):
            return RejectKind.REDUCE_ONLY, "there is nothing to reduce"
        return None

    def _post(self, order: PaperOrder) -> None:
        if not self._matcher.crosses(order.asked.side, order.asked.price):
            self._accept(order)
            self._matcher.rest(order)
        elif self.capabilities.post_only_cross is PostOnlyCross.REJECTED:
            self._refuse(order, RejectKind.POST_ONLY_CROSS, "would have taken")
        else:
            self._accept(order)
            self._matcher.end(order, EndKind.POST_ONLY_CROSS)

    def _enter(self, order: PaperOrder) -> None:
        self._accept(order)
        self._matcher.take(order, at_once=False)
        if order.live:
            self._matcher.rest(order)

    def _take_now(self, order: PaperOrder) -> None:
        reach = self._matcher.reach(order)
        if reach == 0 and self.capabilities.ioc_no_match_rejected:
            self._refuse(order, RejectKind.NO_MATCH, "nothing to match")
            return
        if not self.capabilities.ioc_result:
            self._accept(order)
        if reach:
            self._matcher.take(order, at_once=self.capabilities.ioc_result)
        if order.live:
            self._matcher.end(order, EndKind.EXPIRED)

    def _arm(self, order: PaperOrder) -> None:
        self._accept(order)
        self._matcher.hold(order)

    # The other requests

    def _cancelled(self, asked: CancelOrder) -> None:
        order = self._orders.get(asked.key)
        if order is not None and order.live:
            self._matcher.end(order, EndKind.CANCELLED)
        else:
            text = "unknown order" if order is None else "the order is over"
            self._tell(CancelRefused(at_ns=0, leg=self.leg, order=asked.order, text=text))

    def _looked_up(self, asked: FindOrder) -> None:
        order = self._orders.get(asked.key)
        found = self._found(order)
        if order is None or found not in (FoundKind.LIVE, FoundKind.OVER):
            self._tell(
                OrderFound(at_ns=0, leg=self.leg, order=asked.order, found=found, request=asked.request)
            )
            return
        self._tell(
            OrderFound(
                at_ns=0,
                leg=self.leg,
                order=asked.order,
                found=found,
                cum=order.cum,
                worth=order.worth,
                fee=order.fee,
                request=asked.request,
            )
        )

    def _found(self, order: PaperOrder | None) -> FoundKind:
        if not self.capabilities.find_by_client_id:
            return FoundKind.ERROR
        if order is None or order.refused is not None:
            return FoundKind.ABSENT
        if self._now() < order.since_ns + self._lookup_visible_ns:
            return FoundKind.ABSENT
        return FoundKind.LIVE if order.live else FoundKind.OVER

    def _swept(self, asked: SweepOrders) -> None:
        found = [one for one in self._matcher.orders() if one.asked.key not in asked.keep]
        for order in found:
            self._matcher.end(order, EndKind.CANCELLED)
        self._tell(OrdersSwept(at_ns=0, leg=self.leg, request=asked.request, ok=True, found=len(found)))

    def _position_asked(self, asked: ReadPosition) -> None:
        self._memory.note(self._now(), self.account.lots)
        as_of, lots = self._memory.read(self._now())
        self._tell(PositionRead(at_ns=0, leg=self.leg, request=asked.request, lots=lots, as_of_ns=as_of))

    # The words of this venue

    def _accept(self, order: PaperOrder) -> None:
        self._tell(OrderAccepted(at_ns=0, leg=self.leg, order=order.asked.order))

    def _refuse(self, order: PaperOrder, why: RejectKind, text: str) -> None:
        order.refused = OrderRejected(at_ns=0, leg=self.leg, order=order.asked.order, why=why, text=text)
        self._tell(order.refused)
        self._finish(order)

    def _tell_repeated(self, known: PaperOrder) -> None:
        """The same client id again: never a second order."""
        if known.refused is not None:
            self._tell(known.refused)
        elif self.capabilities.duplicate_id_rejected:
            order = known.asked.order
            self._tell(OrderRejected(at_ns=0, leg=self.leg, order=order, why=RejectKind.DUPLICATE))
        else:
            self._accept(known)

    def _tell_fill(self, order: PaperOrder, maker: bool) -> None:
        self._note(order)
        self._tell(
            OrderFilled(
                at_ns=0,
                leg=self.leg,
                order=order.asked.order,
                cum=order.cum,
                worth=order.worth,
                fee=order.fee,
                maker=maker,
                trade=trade_name(order),
                traded_ns=self._now(),
            )
        )
        self._moved()

    def _moved(self) -> None:
        """The position changed: remember it, and tell it where a stream does."""
        self._memory.note(self._now(), self.account.lots)
        if self.capabilities.position_stream:
            self._tell(
                PositionRead(at_ns=0, leg=self.leg, request=0, lots=self.account.lots, as_of_ns=self._now())
            )

    def _tell_end(self, order: PaperOrder) -> None:
        why = order.ended or EndKind.CANCELLED
        event = OrderEnded(at_ns=0, leg=self.leg, order=order.asked.order, why=why, cum=-1)
        if why not in _TOLD_BY_CANCEL or self.capabilities.cancel_cum:
            event = msgspec.structs.replace(event, cum=order.cum, worth=order.worth, fee=order.fee)
        self._tell(event)
        self._note(order)
        self._finish(order)

    def _finish(self, order: PaperOrder) -> None:
        """Remember finished orders for look-ups and repeats, but not without end."""
        self._finished.append(order)
        if len(self._finished) > KEPT_ORDERS:
            oldest = self._finished.popleft()
            self._forgotten_lots += oldest.asked.side * oldest.cum
            del self._orders[oldest.asked.key]
