"""What Nado's gateway and archive tell on a local exchange."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from dnkit.model import events as ev
from dnkit.model.numbers import MBPS_ONE, from_pico
from dnkit.runtime.local.nado.entry import CHAIN_ID, ENDPOINT, Refusal, row_of
from dnkit.runtime.local.nado.feed import PICO_X18, Feed
from dnkit.runtime.local.shop import Stock, Tellers
from dnkit.venues.account import PAPER_TERMS
from dnkit.venues.nado.words import NOT_FOUND, X18, Product

RATE_X18 = 24 * X18 // 100_000  # of a day: a thousandth of a percent an hour


class Answers:
    """Answers to queries; the truth is the hall's, as old as reads of the venue are."""

    def __init__(self, stock: Stock, tellers: Tellers, products: Mapping[int, Product], feed: Feed) -> None:
        self._stock, self._tellers, self._products, self._feed = stock, tellers, products, feed
        self._queries: Mapping[str, Callable[[Mapping[str, Any]], Awaitable[object]]] = {
            "status": self._status,
            "contracts": self._contracts,
            "symbols": self._symbols,
            "subaccount_info": self._subaccount,
            "orders": self._orders,
            "subaccount_orders": self._subaccount_orders,
            "order": self._order,
            "market_liquidity": self._liquidity,
            "market_price": self._price,
        }

    async def query(self, asked: Mapping[str, Any]) -> object:
        """Answer a query of the gateway."""
        kind = str(asked.get("type", ""))
        work = self._queries.get(kind)
        if work is None:
            return {"status": "failure", "error": f"no query {kind}", "error_code": 1}
        try:
            return {"status": "success", "data": await work(asked), "request_type": f"query_{kind}"}
        except Refusal as refusal:
            return {"status": "failure", "error": str(refusal), "error_code": refusal.code}

    def archive(self, asked: Mapping[str, Any]) -> object:
        """Answer a query of the archive."""
        if "orders" in asked:
            return {"orders": self._past([str(one) for one in asked["orders"]["digests"]])}
        if "interest_and_funding" in asked:
            return {"interest_payments": [], "funding_payments": [], "next_idx": "0"}
        return {"error": "no such query"}

    async def _status(self, _asked: Mapping[str, Any]) -> object:
        return "active"

    async def _contracts(self, _asked: Mapping[str, Any]) -> object:
        return {"chain_id": str(CHAIN_ID), "endpoint_addr": ENDPOINT}

    async def _symbols(self, _asked: Mapping[str, Any]) -> object:
        return {"symbols": {one.symbol: self._symbol(one) for one in self._products.values()}}

    def _symbol(self, product: Product) -> dict[str, Any]:
        instrument = self._stock.instrument(product.symbol)
        return {
            "type": "perp",
            "product_id": product.number,
            "symbol": product.symbol,
            "price_increment_x18": str(product.tick),
            "size_increment": str(product.lot),
            "min_size": str(instrument.notional_min * PICO_X18),
            "maker_fee_rate_x18": str(instrument.maker_fee * X18 // MBPS_ONE),
            "taker_fee_rate_x18": str(instrument.taker_fee * X18 // MBPS_ONE),
            "long_weight_initial_x18": str(X18),
            "long_weight_maintenance_x18": str(X18),
        }

    async def _subaccount(self, asked: Mapping[str, Any]) -> object:
        sender = str(asked["subaccount"]).lower()
        balances = [await self._balance(sender, product) for product in self._products.values()]
        health = str(PAPER_TERMS.available * PICO_X18)
        return {
            "subaccount": sender,
            "exists": True,
            "healths": [{"assets": health, "liabilities": "0", "health": health}] * 3,
            "health_contributions": [],
            "spot_count": 0,
            "perp_count": len(balances),
            "spot_balances": [],
            "perp_balances": balances,
            "spot_products": [],
            "perp_products": [],
        }

    async def _balance(self, sender: str, product: Product) -> dict[str, Any]:
        """A position, as old as reads of the venue are."""
        teller, listing = self._tellers[sender], self._stock.listings[product.symbol]
        read = await teller.position(listing)
        lots = read.lots if isinstance(read, ev.PositionRead) and read.lots is not None else 0
        balance = {
            "amount": str(product.amount_x18(lots)),
            "v_quote_balance": "0",
            "last_cumulative_funding_x18": "0",
        }
        return {"product_id": product.number, "balance": balance}

    async def _orders(self, asked: Mapping[str, Any]) -> object:
        sender = str(asked["sender"]).lower()
        numbers = [int(one) for one in asked["product_ids"]]
        found = [{"product_id": one, "orders": self._resting(sender, self._products[one])} for one in numbers]
        return {"sender": sender, "product_orders": found}

    async def _subaccount_orders(self, asked: Mapping[str, Any]) -> object:
        sender = str(asked["sender"]).lower()
        return {"sender": sender, "orders": self._resting(sender, self._products[int(asked["product_id"])])}

    def _resting(self, sender: str, product: Product) -> list[dict[str, Any]]:
        listing = self._stock.listings[product.symbol]
        return [row_of(one, product, sender) for one in self._tellers[sender].resting(listing)]

    async def _order(self, asked: Mapping[str, Any]) -> object:
        """An order that rests; of whom the digest does not say, so all accounts are looked through."""
        product, digest = self._products[int(asked["product_id"])], str(asked["digest"])
        listing = self._stock.listings[product.symbol]
        for sender, teller in self._tellers.opened():
            for one in teller.resting(listing):
                if one.asked.key == digest:
                    return row_of(one, product, sender)
        raise Refusal(NOT_FOUND)

    async def _liquidity(self, asked: Mapping[str, Any]) -> object:
        number, depth = int(asked["product_id"]), int(asked["depth"])
        product = self._products[number]
        bids, asks = self._feed.book(number)
        return {
            "bids": [_level(product, one) for one in [*bids.items()][:depth]],
            "asks": [_level(product, one) for one in [*asks.items()][:depth]],
            "product_id": number,
            "timestamp": str(time.time_ns()),
        }

    async def _price(self, asked: Mapping[str, Any]) -> object:
        number = int(asked["product_id"])
        product = self._products[number]
        book = self._stock.hall.books[self._stock.listings[product.symbol]]
        return {
            "product_id": number,
            "bid_x18": str(product.price_x18(book.bid)),
            "ask_x18": str(product.price_x18(book.ask)),
        }

    def _past(self, digests: list[str]) -> list[dict[str, Any]]:
        found = []
        for sender, teller in self._tellers.opened():
            for product in self._products.values():
                listing = self._stock.listings[product.symbol]
                for digest in digests:
                    order = teller.order(listing, digest)
                    if order is not None and order.refused is None:
                        signed = order.asked.side
                        quote = order.worth * product.tick * product.lot // X18
                        row = row_of(order, product, sender)
                        row |= {
                            "subaccount": sender,
                            "submission_idx": "1",
                            "base_filled": str(product.amount_x18(signed * order.cum)),
                            "quote_filled": str(-signed * quote),
                            "fee": str(order.fee * PICO_X18),
                            "builder_fee": "0",
                            "isolated": False,
                        }
                        found.append(row)
        return found

    def funding(self) -> object:
        """Rates of all products, for a day."""
        next_s = (time.time_ns() // 10**9 // 3600 + 1) * 3600
        return {
            f"{one.symbol}_USDT0": {
                "product_id": one.number,
                "ticker_id": f"{one.symbol}_USDT0",
                "funding_rate": float(from_pico(RATE_X18 // PICO_X18)),
                "next_funding_rate_timestamp": next_s,
            }
            for one in self._products.values()
        }


def _level(product: Product, level: tuple[int, int]) -> list[str]:
    price, size = level
    return [str(product.price_x18(price)), str(product.amount_x18(size))]
