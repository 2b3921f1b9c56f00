"""OKX's order entry on a local exchange: read what is asked, refuse what is off the grid, then match."""

from collections.abc import Mapping, Sequence
from itertools import count
from time import time_ns
from typing import Any

from dnkit.model import events as ev
from dnkit.model.terms import EndKind, FoundKind, OrderType, Side
from dnkit.runtime.local.okx import words
from dnkit.runtime.local.okx.accounts import Accounts
from dnkit.runtime.local.okx.words import Contract, Refusal
from dnkit.runtime.local.shop import Stock
from dnkit.venues.paper_order import PaperOrder

ID_MAX, BATCH_MAX = 32, 20
MARKET_ROOM = 20  # a market order takes up to a twentieth past the touch
Asked = Mapping[str, Any]


class Entry:
    """Takes orders of all accounts."""

    def __init__(self, stock: Stock, accounts: Accounts, contracts: Sequence[Contract]) -> None:
        self._stock, self._accounts = stock, accounts
        self._contracts = {one.symbol: one for one in contracts}
        self._codes = {one.code: one for one in contracts}
        self._numbers = count(time_ns())

    def contract(self, asked: Asked) -> Contract:
        """The one named by instId or instIdCode; Refusal 51001."""
        code = asked.get("instIdCode")
        found = self._contracts.get(str(asked.get("instId", "")))
        if found is None and code is not None:
            found = self._codes.get(int(code))
        if found is None:
            raise Refusal("51001")
        return found

    async def place(self, account: str, asked: Asked) -> dict[str, Any]:
        """Place one order; its row of the answer."""
        key = str(asked.get("clOrdId") or "")
        row = {"ordId": "", "clOrdId": key, "tag": str(asked.get("tag", ""))}
        try:
            row["ordId"] = await self._placed(account, asked, key)
        except Refusal as refusal:
            return row | _verdict(refusal)
        return row | _verdict(None)

    async def _placed(self, account: str, asked: Asked, key: str) -> str:
        contract = self.contract(asked)
        kind, side = words.KINDS.get(str(asked.get("ordType"))), words.SIDES.get(str(asked.get("side")))
        if kind is None or side is None or asked.get("tdMode") not in ("cross", "isolated"):
            raise Refusal("51000", "ordType, side or tdMode")
        if key and not (key.isascii() and key.isalnum() and len(key) <= ID_MAX):
            raise Refusal("51000", "clOrdId")
        lots = contract.lots(str(asked.get("sz", "")))
        price = (
            self._cap(contract, side)
            if kind is OrderType.MARKET
            else contract.ticks(str(asked.get("px", "")))
        )
        key = key or f"{words.NAMELESS}{next(self._numbers)}"
        teller = self._accounts[account]
        if teller.order(contract.listing, key) is not None:
            raise Refusal("51016")
        fact = await teller.place(
            contract.listing,
            key,
            side,
            kind,
            lots,
            price,
            reduce_only=str(asked.get("reduceOnly", "")).lower() == "true",
        )
        if isinstance(fact, ev.OrderRejected):
            raise Refusal(words.CODES[fact.why], fact.text)
        return words.order_id(account, contract.listing, key)

    def _cap(self, contract: Contract, side: Side) -> int:
        book = self._stock.hall.books[contract.listing]
        touch = book.ask if side is Side.BUY else book.bid
        return touch + side * (touch // MARKET_ROOM)

    async def cancel(self, account: str, asked: Asked) -> dict[str, Any]:
        """Withdraw one order; its row of the answer."""
        row = {"ordId": str(asked.get("ordId", "")), "clOrdId": str(asked.get("clOrdId", ""))}
        try:
            contract, key = self.contract(asked), self._key(account, asked)
            fact = await self._accounts[account].cancel(contract.listing, key)
            # A fill that ends the order first is no cancel.
            if not (isinstance(fact, ev.OrderEnded) and fact.why is EndKind.CANCELLED):
                raise Refusal("51400")
            row["ordId"] = words.order_id(account, contract.listing, key)
        except Refusal as refusal:
            return row | _verdict(refusal)
        return row | _verdict(None)

    async def find(self, account: str, asked: Asked) -> dict[str, Any]:
        """One order as a look-up sees it; Refusal 51603."""
        contract = self.contract(asked)
        try:
            key = self._key(account, asked)
        except Refusal:
            raise Refusal("51603") from None
        teller = self._accounts[account]
        fact, order = await teller.find(contract.listing, key), teller.order(contract.listing, key)
        seen = isinstance(fact, ev.OrderFound) and fact.found in (FoundKind.LIVE, FoundKind.OVER)
        if order is None or order.refused is not None or not seen:
            raise Refusal("51603")
        return words.order_row(account, contract, order, order.cum, order.worth, order.fee)

    def _key(self, account: str, asked: Asked) -> str:
        """Our key of an order named by either id; the venue's own number goes first."""
        number, contract = str(asked.get("ordId") or ""), self.contract(asked)
        if not number:
            return str(asked.get("clOrdId", ""))
        for one in self._accounts[account].orders(contract.listing):
            if words.order_id(account, contract.listing, one.asked.key) == number:
                return one.asked.key
        raise Refusal("51400")

    def rows(self, account: str, asked: Asked, *, live: bool) -> list[dict[str, Any]]:
        """Orders that rest, or those that are over, newest first."""
        teller, wanted = self._accounts[account], str(asked.get("instId", ""))
        return [
            words.order_row(account, one, order, order.cum, order.worth, order.fee)
            for one in self._contracts.values()
            if wanted in ("", one.symbol)
            for order in reversed(teller.orders(one.listing))
            if _shown(order, live)
        ]


def batch(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer to orders or cancels with these rows."""
    bad = sum(row["sCode"] != "0" for row in rows)
    code = "0" if not bad else "1" if bad == len(rows) else "2"
    return {"code": code, "msg": words.TEXTS.get(code, ""), "data": rows}


def _shown(order: PaperOrder, live: bool) -> bool:
    return order.refused is None and order.live is live


def _verdict(refusal: Refusal | None) -> dict[str, str]:
    at = str(words.now_ms())
    return {"sCode": refusal.code if refusal else "0", "sMsg": str(refusal or "Order placed"), "ts": at}
