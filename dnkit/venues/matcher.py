"""Price-time matching of own orders against a live displayed book.

How an own order is filled, all rules in this file:

- Taking eats displayed levels at their own price, best first, never past the order's limit.
- A resting order joins behind the quantity displayed at its price. A trade at the price first eats that
  queue, then us, first come first served; a trade through the price owes the queue nothing. Its lots are
  given out once.
- When the size displayed at our price falls below the queue we counted, the queue was cancelled or traded: it
  is cut to that, at the latest when the touch comes to our price.
- When the far touch reaches our price, the quantity displayed there would have met us first: it fills us at
  our price.
- A reduce-only order never trades more than the position; when nothing is left to reduce, it ends.
- A stop waits until mid or a trade reaches its trigger, then takes up to its limit price; the rest of a stop
  expires, the rest of a stop-limit rests.
"""

from collections.abc import Callable

from dnkit.model.instrument import Instrument
from dnkit.model.numbers import to_pico
from dnkit.model.terms import EndKind, OrderType, Side
from dnkit.venues.account import Account
from dnkit.venues.liquidity import Liquidity, ShownBook
from dnkit.venues.paper_order import PaperOrder

NO_OFFER = 2**62  # above every price


class Matcher:
    """Working orders and stops of one symbol; `filled(order, maker)` and `ended(order)` tell the news."""

    def __init__(
        self,
        instrument: Instrument,
        book: ShownBook,
        account: Account,
        *,
        now: Callable[[], int],
        filled: Callable[[PaperOrder, bool], None],
        ended: Callable[[PaperOrder], None],
    ) -> None:
        self._instrument = instrument
        self._tick_pico = to_pico(instrument.tick)
        self._book = book
        self._account = account
        self._now = now
        self._filled = filled
        self._ended = ended
        self._liquidity = Liquidity(book)
        self._working: list[PaperOrder] = []
        self._stops: list[PaperOrder] = []
        self.resting = False

    def orders(self) -> tuple[PaperOrder, ...]:
        """Every order that rests or waits for its trigger, oldest first of each kind."""
        return (*self._working, *self._stops)

    def crosses(self, side: Side, price: int) -> bool:
        """Whether an order at `price` would meet the displayed far touch."""
        touch = self._far_touch(side)
        return touch > 0 and (price - touch) * side >= 0

    def reducible(self, side: Side) -> int:
        """Lots an order of `side` can take off the position."""
        return max(0, -side * self._account.lots)

    def reach(self, order: PaperOrder) -> int:
        """Lots the order would get if it took now: for FOK all or nothing."""
        asked, room = order.asked, self._room(order)
        reach = self._liquidity.reachable(asked.side, asked.price, room)
        return 0 if asked.type is OrderType.FOK and reach < room else reach

    def take(self, order: PaperOrder, *, at_once: bool) -> None:
        """Take what the limit reaches; `at_once` tells it as one fill, otherwise level by level."""
        asked, before = order.asked, order.cum
        for price, lots in self._liquidity.take(asked.side, asked.price, self._room(order)):
            self._trade(order, lots, price, maker=False)
            if not at_once:
                self._filled(order, False)
        if at_once and order.cum > before:
            self._filled(order, False)
        self._settle(order, before)

    def rest(self, order: PaperOrder) -> None:
        """Let the order join the queue at its price; end it when reduce-only with nothing to reduce."""
        if order.asked.reduce_only and not self.reducible(order.asked.side):
            self.end(order, EndKind.CANCELLED)
            return
        order.ahead = self._book.displayed(order.asked.side, order.asked.price)
        self._working.append(order)
        self.resting = True

    def hold(self, order: PaperOrder) -> None:
        """Keep a stop until its trigger is reached, which may be now."""
        self._stops.append(order)
        self.resting = True
        self._check_stops()

    def end(self, order: PaperOrder, why: EndKind) -> None:
        """Take a live order off the book for good."""
        order.ended = why
        for kind in (self._working, self._stops):
            if order in kind:
                kind.remove(order)
        self.resting = bool(self._working or self._stops)
        self._ended(order)

    def on_trade(self, aggressor: Side, price_pico: int, lots: int) -> None:
        """Someone traded `lots` at `price_pico` picos of quote currency; `aggressor` is the taker's side."""
        met = [one for one in self._working if self._met_by(one, aggressor, price_pico)]
        if len(met) > 1:
            met.sort(key=lambda one: one.asked.price * aggressor)  # stable: time decides within a price
        passed = 0
        for order in met:
            if order.asked.price * self._tick_pico == price_pico:
                queue = min(max(0, order.ahead - passed), lots)
                passed, lots = passed + queue, lots - queue
                order.ahead = max(0, order.ahead - passed)
            lots -= self._fill_resting(order, lots)
        if self._stops:
            self._check_stops(price_pico)

    def on_book(self) -> None:
        """The book changed: cut queues, fill what the far touch reached, look at the stops."""
        if self._working:
            bid, ask = self._book.bid, self._book.ask
            for order in tuple(self._working):
                asked = order.asked
                price, buys = asked.price, asked.side is Side.BUY
                if order.ahead:
                    # an empty side is behind every order
                    self._cut_queue(order, bid - price if buys else price - (ask or NO_OFFER))
                if 0 < ask <= price if buys else bid >= price:
                    self._meet(order)
        if self._stops:
            self._check_stops()

    def _far_touch(self, side: Side) -> int:
        return self._book.ask if side is Side.BUY else self._book.bid

    def _cut_queue(self, order: PaperOrder, behind: int) -> None:
        """The touch is `behind` ticks from the order. Behind the touch the queue is left as it is: cheap, and
        it errs against us meanwhile.
        """
        if behind < 0:
            order.ahead = 0
        elif behind == 0:
            order.ahead = min(order.ahead, self._book.displayed(order.asked.side, order.asked.price))

    def _meet(self, order: PaperOrder) -> None:
        """The far touch reached a resting order: what is offered there fills it."""
        if order.live:
            met = self._liquidity.take(order.asked.side, order.asked.price, self._room(order))
            self._fill_resting(order, sum(lots for _, lots in met))

    def _met_by(self, order: PaperOrder, aggressor: Side, price_pico: int) -> bool:
        asked = order.asked
        return asked.side is not aggressor and (price_pico - asked.price * self._tick_pico) * aggressor >= 0

    def _room(self, order: PaperOrder) -> int:
        """Lots the order may still trade."""
        asked = order.asked
        left = asked.lots - order.cum
        return min(left, self.reducible(asked.side)) if asked.reduce_only else left

    def _fill_resting(self, order: PaperOrder, lots: int) -> int:
        """Fill a resting order with up to `lots` at its own price; answers how many it took."""
        size = min(lots, self._room(order)) if order.live else 0
        if size <= 0:
            return 0
        before = order.cum
        self._trade(order, size, order.asked.price, maker=True)
        self._filled(order, True)
        self._settle(order, before)
        return size

    def _trade(self, order: PaperOrder, lots: int, price: int, *, maker: bool) -> None:
        """Book one trade: totals of the order, then the account."""
        order.cum += lots
        order.trades += 1
        if maker:
            order.maker_worth += lots * price
        else:
            order.taker_worth += lots * price
        fee = self._instrument.fee(order.maker_worth, maker=True) + self._instrument.fee(
            order.taker_worth, maker=False
        )
        order.fee, fee_now = fee, fee - order.fee
        self._account.fill(order.asked.side, lots, price, fee_now, at_ns=self._now(), trade=trade_name(order))

    def _settle(self, order: PaperOrder, before: int) -> None:
        """After trading: end what is complete, then every resting reducer that has nothing left to reduce."""
        if order.cum == order.asked.lots:
            self.end(order, EndKind.FILLED)
        if order.cum > before:
            for other in self.orders():
                if other.asked.reduce_only and other.live and not self.reducible(other.asked.side):
                    self.end(other, EndKind.CANCELLED)

    def _check_stops(self, price_pico: int = 0) -> None:
        """Fire every stop that mid, or the trade at `price_pico` where given, has reached."""
        for order in tuple(self._stops):
            if order.live and self._triggered(order, price_pico):
                self._stops.remove(order)
                self._fire(order)
        self.resting = bool(self._working or self._stops)

    def _triggered(self, order: PaperOrder, price_pico: int) -> bool:
        side, stop = order.asked.side, order.asked.stop
        if price_pico and (price_pico - stop * self._tick_pico) * side >= 0:
            return True
        bid, ask = self._book.bid, self._book.ask
        return bid > 0 and ask > 0 and (bid + ask - 2 * stop) * side >= 0

    def _fire(self, order: PaperOrder) -> None:
        self.take(order, at_once=False)
        if not order.live:
            return
        if order.asked.type is OrderType.STOP:
            self.end(order, EndKind.EXPIRED)
        else:
            self.rest(order)


def trade_name(order: PaperOrder) -> str:
    """Name of the order's last trade: computed, so a repeated run names it the same."""
    return f"{order.asked.key}#{order.trades}"
