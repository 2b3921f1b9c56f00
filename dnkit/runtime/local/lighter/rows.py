"""What the local Lighter says of markets, orders, trades and accounts, as its documents show it."""

import time
from collections.abc import Iterator
from decimal import Decimal
from hashlib import blake2b
from typing import Any

from dnkit.model.events import PositionRead
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import MBPS_ONE, NS_PER_MS, NS_PER_S, from_pico, plain
from dnkit.model.terms import EndKind, OrderType, RejectKind, Side
from dnkit.runtime.local.shop import Stock
from dnkit.runtime.local.teller import Teller
from dnkit.venues.account import PaperFill
from dnkit.venues.lighter import words
from dnkit.venues.paper_order import PaperOrder

BALANCE = Decimal(1_000_000)
MONEY_DIGITS = 6
MULTIPLIER = 10_000  # `quote_multiplier`, which is no contract size
ENDED_AS = {
    EndKind.FILLED: words.FILLED,
    EndKind.CANCELLED: "canceled",
    EndKind.EXPIRED: "canceled-not-enough-liquidity",
    EndKind.POST_ONLY_CROSS: "canceled-post-only",
}
REFUSED_AS = {
    RejectKind.REDUCE_ONLY: "canceled-reduce-only",
    RejectKind.MARGIN: "canceled-margin-not-allowed",
    RejectKind.POST_ONLY_CROSS: "canceled-post-only",
    RejectKind.NO_MATCH: "canceled-not-enough-liquidity",
}


def decimals(step: Decimal) -> int:
    """Digits behind the point of a tick or lot. AssertionError for a step the wire cannot carry."""
    digits = max(0, -step.normalize().adjusted())
    assert step == Decimal(1).scaleb(-digits), f"{step} is no power of ten"
    return digits


def client_id(key: str) -> int:
    """The client id an order was sent with, 0 where it came without."""
    return int(key) if key.isdigit() else 0


def order_id(account: int, listing: int, key: str) -> int:
    """The venue's own id of an order: above every client id."""
    return words.CLIENT_MAX + 1 + _hashed(f"{account}:{listing}:{key}")


def _hashed(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=6).digest(), "big")


def status_of(order: PaperOrder) -> str:
    """The state an order is in now."""
    if order.refused is not None:
        return REFUSED_AS.get(order.refused.why, "canceled")
    return words.OPEN if order.ended is None else ENDED_AS[order.ended]


class Rows:
    """Of one stock."""

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._makers: set[str] = set()

    def wall_ns(self, at_ns: int) -> int:
        """A moment of the exchange on the clock that clients have."""
        return time.time_ns() - int((self._stock.hall.now() - at_ns) / self._stock.pump.speed)

    def market(self, listing: int) -> dict[str, Any]:
        """Details of a market."""
        one, book = self._stock.hall.instruments[listing], self._stock.hall.books[listing]
        sizes, prices = decimals(one.lot), decimals(one.tick)
        return {
            "symbol": one.symbol,
            "market_id": listing,
            "market_type": "perp",
            "base_asset_id": 0,
            "quote_asset_id": 0,
            "status": "active",
            "taker_fee": _fee_text(one.taker_fee),
            "maker_fee": _fee_text(one.maker_fee),
            "liquidation_fee": "1.0000",
            "min_base_amount": plain(one.quantity(one.lots_min)),
            "min_quote_amount": plain(from_pico(one.notional_min)),
            "supported_size_decimals": sizes,
            "supported_price_decimals": prices,
            "supported_quote_decimals": MONEY_DIGITS,
            "order_quote_limit": "281474976.710655",
            "size_decimals": sizes,
            "price_decimals": prices,
            "quote_multiplier": MULTIPLIER,
            "default_initial_margin_fraction": 500,
            "min_initial_margin_fraction": 200,
            "last_trade_price": float(one.tick * (book.bid + book.ask) / 2),
        }

    def order(
        self, account: int, listing: int, order: PaperOrder, *, cum: int, worth: int, status: str
    ) -> dict[str, Any]:
        """An order with what is filled of it by some moment."""
        one, asked, at_s = self._stock.hall.instruments[listing], order.asked, self._since_s(order)
        number, client = order_id(account, listing, asked.key), client_id(asked.key)
        return {
            "order_index": number,
            "client_order_index": client,
            "order_id": str(number),
            "client_order_id": str(client),
            "market_index": listing,
            "owner_account_index": account,
            "initial_base_amount": size_text(one, asked.lots),
            "price": price_text(one, asked.price),
            "remaining_base_amount": size_text(one, asked.lots - cum if status == words.OPEN else 0),
            "is_ask": asked.side is Side.SELL,
            "base_size": asked.lots,
            "base_price": asked.price,
            "filled_base_amount": size_text(one, cum),
            "filled_quote_amount": money_text(one.tick * one.lot * worth),
            "side": "",
            "type": "market" if asked.type is OrderType.MARKET else "limit",
            "time_in_force": words.TIF_WORDS[asked.type],
            "reduce_only": asked.reduce_only,
            "trigger_price": price_text(one, 0),
            "order_expiry": 0,
            "status": status,
            "trigger_status": "na",
            "timestamp": at_s,
            "created_at": at_s,
            "updated_at": at_s,
        }

    def order_now(self, account: int, listing: int, order: PaperOrder) -> dict[str, Any]:
        """An order as it truly is."""
        status = status_of(order)
        return self.order(account, listing, order, cum=order.cum, worth=order.worth, status=status)

    def _since_s(self, order: PaperOrder) -> int:
        return self.wall_ns(order.since_ns) // NS_PER_S

    def noticed(self, trade: str, *, maker: bool) -> None:
        """Remember on which side of a trade an order was."""
        if maker:
            self._makers.add(trade)

    def trades(self, account: int, teller: Teller, listing: int, key: str = "") -> Iterator[dict[str, Any]]:
        """Trades of an account on a listing, or of one of its orders, oldest first."""
        held = teller.member.venue(listing).account
        for fill in self._stock.hall.accounts.fills(held, f"{key}#" if key else ""):
            order = teller.order(listing, fill.trade.rpartition("#")[0])
            if order is not None:
                yield self.trade(account, listing, order, fill)

    def trade(self, account: int, listing: int, order: PaperOrder, fill: PaperFill) -> dict[str, Any]:
        """One trade with somebody who is nobody."""
        one, asked, lots = self._stock.hall.instruments[listing], order.asked, abs(fill.lots)
        sells, maker = asked.side is Side.SELL, fill.trade in self._makers
        own, other = ("ask", "bid") if sells else ("bid", "ask")
        found = {
            "trade_id": _hashed(f"{account}:{listing}:{fill.trade}"),
            "tx_hash": blake2b(fill.trade.encode(), digest_size=40).hexdigest(),
            "type": "trade",
            "market_id": listing,
            "size": size_text(one, lots),
            "price": price_text(one, fill.price),
            "usd_amount": money_text(one.tick * one.lot * fill.price * lots),
            f"{own}_id": order_id(account, listing, asked.key),
            f"{own}_client_id": client_id(asked.key),
            f"{own}_account_id": account,
            f"{other}_id": words.CLIENT_MAX + 1,
            f"{other}_client_id": 0,
            f"{other}_account_id": 0,
            "is_maker_ask": sells == maker,
            "timestamp": max(self.wall_ns(order.since_ns), self.wall_ns(fill.at_ns)) // NS_PER_MS,
        }
        for side, fee in (("maker", one.maker_fee), ("taker", one.taker_fee)):
            if fee:
                found[f"{side}_fee"] = fee * words.FEE_TICK // MBPS_ONE
        return found

    async def account(self, account: int, teller: Teller) -> dict[str, Any]:
        """An account with its positions, as old as reads of this venue are."""
        numbers = [one for one in self._stock.listings.values() if _is_touched(teller, one)]
        positions, worth = [], BALANCE
        for listing in numbers:
            read = await teller.position(listing)
            holding = teller.member.venue(listing).account.holding
            worth += from_pico(holding.realised - holding.fees)
            if isinstance(read, PositionRead) and read.lots is not None:
                positions.append(self._position(teller, listing, read.lots))
        money = money_text(worth)
        return {
            "code": 0,
            "account_type": 0,
            "index": account,
            "account_index": account,
            "l1_address": "0x" + f"{account:040x}",
            "available_balance": money,
            "collateral": money,
            "status": 1,
            "total_asset_value": money,
            "cross_asset_value": money,
            "positions": positions,
            "assets": [],
            "shares": [],
        }

    def _position(self, teller: Teller, listing: int, lots: int) -> dict[str, Any]:
        one, held = self._stock.hall.instruments[listing], teller.member.venue(listing).account
        entry = abs(one.tick * held.entry / held.lots) if held.lots else Decimal(0)
        return {
            "market_id": listing,
            "symbol": one.symbol,
            "initial_margin_fraction": "5.00",
            "open_order_count": len(teller.resting(listing)),
            "pending_order_count": 0,
            "position_tied_order_count": 0,
            "sign": -1 if lots < 0 else 1,
            "position": size_text(one, abs(lots)),
            "avg_entry_price": money_text(entry),
            "position_value": money_text(entry * one.lot * abs(lots)),
            "unrealized_pnl": money_text(Decimal(0)),
            "realized_pnl": money_text(Decimal(0)),
            "liquidation_price": "0",
            "margin_mode": 0,
            "allocated_margin": "0.000000",
        }


def _is_touched(teller: Teller, listing: int) -> bool:
    return bool(teller.true_position(listing) or teller.orders(listing))


def _fee_text(mbps: int) -> str:
    return f"{Decimal(mbps) * 100 / MBPS_ONE:.4f}"  # of a hundred


def size_text(one: Instrument, lots: int) -> str:
    """A quantity of coin as it is told."""
    return f"{one.quantity(lots):.{decimals(one.lot)}f}"


def price_text(one: Instrument, ticks: int) -> str:
    """A price as it is told."""
    return f"{one.price(ticks):.{decimals(one.tick)}f}"


def money_text(amount: Decimal) -> str:
    """Money as it is told."""
    return f"{amount:.{MONEY_DIGITS}f}"
