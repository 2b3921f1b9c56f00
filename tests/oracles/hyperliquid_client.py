"""The official client of Hyperliquid as a process: a line of JSON in, a line out. Runs in an environment of
its own, isolated, for this folder has a module of the client's name.
"""

import json
import sys
import time
from typing import Any

import eth_account  # type: ignore[import-not-found,unused-ignore]
from hyperliquid.exchange import Exchange  # type: ignore[import-not-found,unused-ignore]
from hyperliquid.info import Info  # type: ignore[import-not-found,unused-ignore]
from hyperliquid.utils.types import Cloid  # type: ignore[import-not-found,unused-ignore]


class Client:
    """Calls by name. `heard` are the messages of its streams."""

    def __init__(self, address: str, secret: str) -> None:
        self.wallet = eth_account.Account.from_key(secret)
        self.exchange = Exchange(self.wallet, address)
        self.info = Info(address)
        self.heard: list[Any] = []
        self.info.user_state(self.wallet.address)

    def follow(self, coin: str) -> None:
        user = self.wallet.address
        wanted = [{"type": kind, "user": user} for kind in ("userFills", "orderUpdates")]
        wanted.append({"type": "bbo", "coin": coin})
        for one in wanted:
            self.info.subscribe(one, self.heard.append)

    def race(self, coin: str) -> None:
        """Answer each touch with a post-only order at the bid, until killed."""
        self.info.subscribe({"type": "bbo", "coin": coin}, self._answer)

    def _answer(self, touch: Any) -> None:
        data = touch["data"]
        self.place(data["coin"], True, 0.05, float(data["bbo"][0]["px"]), "Alo")

    def wait(self, channel: str, count: int) -> Any:
        """The messages of a channel, once there are so many."""
        end = time.monotonic() + 5
        while True:
            found = [one for one in self.heard if one["channel"] == channel]
            if len(found) >= count or time.monotonic() > end:
                return found
            time.sleep(0.01)

    def place(
        self, coin: str, buy: bool, size: float, price: float, tif: str, cloid: str | None = None
    ) -> Any:
        name = Cloid.from_str(cloid) if cloid else None
        return self.exchange.order(coin, buy, size, price, {"limit": {"tif": tif}}, cloid=name)

    def modify(self, oid: int, coin: str, buy: bool, size: float, price: float) -> Any:
        return self.exchange.modify_order(oid, coin, buy, size, price, {"limit": {"tif": "Gtc"}})

    def cancel(self, coin: str, oid: int) -> Any:
        return self.exchange.cancel(coin, oid)

    def cancel_by_cloid(self, coin: str, cloid: str) -> Any:
        return self.exchange.cancel_by_cloid(coin, Cloid.from_str(cloid))

    def both(self, coin: str, size: float, prices: list[float]) -> Any:
        orders = [
            {
                "coin": coin,
                "is_buy": True,
                "sz": size,
                "limit_px": price,
                "order_type": {"limit": {"tif": "Alo"}},
                "reduce_only": False,
            }
            for price in prices
        ]
        return self.exchange.bulk_orders(orders)

    def leverage(self, coin: str) -> Any:
        return self.exchange.update_leverage(5, coin)

    def schedule(self, ahead_ms: int) -> Any:
        return self.exchange.schedule_cancel(int(time.time() * 1000) + ahead_ms if ahead_ms else None)

    def agent(self) -> Any:
        answer, secret = self.exchange.approve_agent()
        return [answer, secret]

    def open(self) -> Any:
        return self.info.open_orders(self.wallet.address)

    def fills(self) -> Any:
        return self.info.user_fills(self.wallet.address)

    def state(self) -> Any:
        return self.info.user_state(self.wallet.address)

    def status(self, cloid: str) -> Any:
        return self.info.query_order_by_cloid(self.wallet.address, Cloid.from_str(cloid))


def main() -> None:
    """Serve until the input ends."""
    first = json.loads(sys.stdin.readline())
    client = Client(first["address"], first["secret"])
    if sys.argv[1:] == ["race"]:
        client.race("ETH")
    print(json.dumps(client.wallet.address.lower()), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = {"ok": getattr(client, asked.pop("do"))(**asked)}
        except Exception as error:  # noqa: BLE001  whatever it is, the test wants to see it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)


main()
