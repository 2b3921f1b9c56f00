"""What the account's stream says, as facts: fills out of executions, ends once their fills are told."""

from collections.abc import Callable, Iterable

from dnkit.live.ccxt.markets import Market
from dnkit.live.ccxt.record import Record, Row
from dnkit.live.fills import KEPT_ORDERS, Fills, Totals, Traded
from dnkit.model.events import OrderEnded, OrderRejected, PositionRead, VenueFact
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import EndKind, RejectKind

Tell = Callable[[str, str, VenueFact], None]


class News:
    """`key` gives our name of an order there, "" for another's; `tell` hears (symbol, key, fact)."""

    def __init__(self, record: Record, key: Callable[[str], str], now: Callable[[], int], tell: Tell) -> None:
        self._record, self._key, self._now, self._tell = record, key, now, tell
        self._fills = Fills()
        self._ends: dict[str, tuple[str, EndKind, int]] = {}  # told over, with fills still to come
        self._over: dict[str, None] = {}  # in the order they ended; the oldest are forgotten

    def of(self, key: str) -> Totals:
        """What is counted of an order."""
        return self._fills.of(key)

    def traded(self, market: Market, trades: Iterable[Row]) -> None:
        """Executions as ccxt's trades, each counted once by its own id."""
        symbol = market.one.symbol
        for one in trades:
            key = self._key(str(one["info"].get(self._record.raw_id) or ""))
            if not key:
                continue
            filled = self._fills.add(key, self._trade(market, one), self._now())
            if filled is not None:
                self._tell(symbol, key, filled)
                self._end(key)

    def _trade(self, market: Market, one: Row) -> Traded:
        fee = one["fee"] or {}
        return Traded(
            trade=str(one["id"]),
            lots=market.lots(one["amount"]),
            price=market.ticks(one["price"]),
            fee=market.money(fee.get("cost"), fee.get("currency")),
            maker=one["takerOrMaker"] == "maker",
            traded_ns=min(int(one["timestamp"]) * NS_PER_MS, self._now()),
        )

    def ordered(self, market: Market, order: Row) -> None:
        """An order as ccxt's. Only its end is news: fills are told by executions, and a state that comes
        after an end is old.
        """
        raw, record = order["info"], self._record
        key, state = self._key(str(raw.get(record.raw_id) or "")), raw[record.state_field]
        if not key or state not in record.ends or key in self._over:
            return
        reason = str(raw.get(record.reason_field) or "")
        why = record.reasons.get(reason, record.ends[state])
        if why is None:
            self._is_over(key)
            rejected = OrderRejected(self._now(), 0, 0, RejectKind.OTHER, reason or state)
            self._tell(market.one.symbol, key, rejected)
            return
        self._ends[key] = market.one.symbol, why, market.lots(order["filled"])
        self._end(key)

    def _end(self, key: str) -> None:
        """Tell an end once its fills are told."""
        totals = self._fills.of(key)
        if key not in self._ends or totals.cum < self._ends[key][2]:
            return
        symbol, why, _ = self._ends.pop(key)
        self._is_over(key)
        ended = OrderEnded(self._now(), 0, 0, why, totals.cum, totals.worth, totals.fee)
        self._tell(symbol, key, ended)

    def _is_over(self, key: str) -> None:
        self._over[key] = None
        if len(self._over) > KEPT_ORDERS:
            del self._over[next(iter(self._over))]

    def held(self, market: Market, position: Row) -> None:
        """A position as ccxt's; one without its moment says nothing."""
        now, at_ms = self._now(), position["lastUpdateTimestamp"] or position["timestamp"]
        if at_ms:
            at = min(int(at_ms) * NS_PER_MS, now)
            fact = PositionRead(now, 0, 0, lots_held(market, (position,)), at)
            self._tell(market.one.symbol, "", fact)


SIGNS = {"long": 1, "short": -1}


def lots_held(market: Market, positions: Iterable[Row]) -> int:
    """Signed lots of ccxt's positions on a symbol."""
    held = ((one["side"], market.lots(one["contracts"])) for one in positions)
    return sum(SIGNS[side] * lots for side, lots in held if lots)
