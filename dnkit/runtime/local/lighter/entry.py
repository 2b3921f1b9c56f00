"""What signed transactions do. An answer says that one was taken; what came of it is told by the streams."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from itertools import count
from typing import Any

from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import OrderType, Side
from dnkit.runtime.local.lighter.auth import Auth, Refused, Signed
from dnkit.runtime.local.lighter.rows import order_id
from dnkit.runtime.local.shop import Stock
from dnkit.runtime.local.teller import Teller
from dnkit.venues.lighter import words
from dnkit.venues.lighter.signing import (
    ALL_MARKETS,
    CANCEL_ALL,
    CANCEL_MARKET,
    CANCEL_ORDER,
    CREATE_ORDER,
    UPDATE_LEVERAGE,
)

IMMEDIATELY = 0
TYPES = {tif: type for type, tif in words.TIFS.items()}
MARGIN_TICK = 10_000


class Entry:
    """Takes transactions for all accounts."""

    def __init__(self, stock: Stock, auth: Auth, account: Callable[[int], Teller]) -> None:
        self._stock, self._auth, self._account = stock, auth, account
        self._unnamed = count(time.time_ns())
        self._used: set[tuple[int, int]] = set()  # client ids by account, whatever the market
        self._tasks: set[asyncio.Task[Any]] = set()
        self._kinds: Mapping[int, Callable[[Teller, Signed], None]] = {
            CREATE_ORDER: self._create,
            CANCEL_ORDER: self._cancel,
            CANCEL_ALL: self._cancel_all,
            UPDATE_LEVERAGE: self._leverage,
        }

    def take(self, kind: int, info: Mapping[str, Any]) -> dict[str, Any]:
        """Take a transaction; the answer to it. Refused."""
        try:
            signed = self._auth.signed(kind, info)
            self._kinds[kind](self._account(signed.account), signed)
        except (LookupError, TypeError, ValueError):
            raise Refused(words.BAD_TRANSACTION, "invalid tx info") from None
        return {
            "code": 200,
            "message": '{"ratelimit": "didn\'t use volume quota"}',
            "tx_hash": signed.digest.hex(),
            "predicted_execution_time_ms": time.time_ns() // NS_PER_MS,
        }

    def _create(self, teller: Teller, signed: Signed) -> None:
        info = signed.info
        listing, one = self._market(info["MarketIndex"])
        type, lots, price = self._type(info), info["BaseAmount"], info["Price"]
        client = info["ClientOrderIndex"]
        if not one.tradable(price, lots):
            raise Refused(words.TOO_SMALL, "invalid order base or quote amount")
        if not 0 <= client <= words.CLIENT_MAX:
            raise Refused(words.BAD_CLIENT_ID, "invalid client order index")
        key = str(client or f"unnamed-{next(self._unnamed)}")
        if client and self._is_used(teller, signed.account, client):
            raise Refused(words.DUPLICATE_ID, "client order index already exists")
        self._used.add((signed.account, client))
        side = Side.SELL if info["IsAsk"] else Side.BUY
        reduces = bool(info["ReduceOnly"])
        self._go(teller.place(listing, key, side, type, lots, price, reduce_only=reduces))

    def _type(self, info: Mapping[str, int]) -> OrderType:
        kind, tif = info["Type"], info["TimeInForce"]
        if kind not in (words.LIMIT, words.MARKET) or info["TriggerPrice"]:
            raise Refused(words.BAD_TYPE, "unsupported order type")
        if tif not in TYPES or (kind == words.MARKET and tif != words.IOC):
            raise Refused(words.BAD_TIF, "invalid OrderTimeInForce")
        expiry = info["OrderExpiry"]
        if (tif == words.IOC) != (expiry == 0) or (expiry and expiry <= time.time_ns() // NS_PER_MS):
            raise Refused(words.BAD_EXPIRY, "invalid expiry")
        if info["BaseAmount"] <= 0:
            raise Refused(words.BAD_AMOUNT, "invalid base amount")
        if info["Price"] <= 0:
            raise Refused(words.BAD_PRICE, "invalid price")
        return TYPES[tif]

    def _is_used(self, teller: Teller, account: int, client: int) -> bool:
        listings = self._stock.listings.values()
        known = any(teller.order(listing, str(client)) is not None for listing in listings)
        return known or (account, client) in self._used

    def _cancel(self, teller: Teller, signed: Signed) -> None:
        """By the client's id or the venue's."""
        listing, _ = self._market(signed.info["MarketIndex"])
        index = signed.info["Index"]
        for order in teller.resting(listing):
            key = order.asked.key
            if key == str(index) or order_id(signed.account, listing, key) == index:
                self._go(teller.cancel(listing, key))
                return
        raise Refused(words.NOT_ACTIVE, "given order is not an active limit order")

    def _cancel_all(self, teller: Teller, signed: Signed) -> None:
        if signed.info["TimeInForce"] != IMMEDIATELY:
            raise Refused(words.BAD_TRANSACTION, "cancels are not scheduled here")
        only = signed.attributes.get(CANCEL_MARKET, ALL_MARKETS)
        for listing in self._stock.listings.values():
            if only in (ALL_MARKETS, listing):
                for order in teller.resting(listing):
                    self._go(teller.cancel(listing, order.asked.key))

    def _leverage(self, _teller: Teller, signed: Signed) -> None:
        self._market(signed.info["MarketIndex"])
        if not 0 < signed.info["InitialMarginFraction"] <= MARGIN_TICK:
            raise Refused(words.BAD_TRANSACTION, "invalid initial margin fraction")

    def _market(self, number: int) -> tuple[int, Instrument]:
        if number not in self._stock.listings.values():
            raise Refused(words.BAD_MARKET, "invalid market index")
        return number, self._stock.hall.instruments[number]

    def _go(self, work: Coroutine[Any, Any, Any]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
