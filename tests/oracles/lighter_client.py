"""The official client of Lighter as a process: a line of JSON in, a line out. Runs in an environment of its
own, isolated, for this folder has a module of the client's name.
"""

import asyncio
import json
import sys
import time
from contextlib import suppress
from typing import Any

import lighter  # type: ignore[import-not-found,unused-ignore]

MARKET, KEY = 0, 5


class Client:
    """Calls by name."""

    def __init__(self, address: str, secret: str, account: int) -> None:
        self.account = account
        self.signer = lighter.SignerClient(address, account, {KEY: secret})
        self.orders = lighter.OrderApi(self.signer.api_client)
        self.accounts = lighter.AccountApi(self.signer.api_client)

    async def check(self) -> Any:
        return self.signer.check_client()

    async def market(self) -> Any:
        told = await self.orders.order_book_details(market_id=MARKET)
        return told.order_book_details[0].to_dict()

    async def book(self) -> Any:
        return (await self.orders.order_book_orders(market_id=MARKET, limit=5)).to_dict()

    async def place(self, client: int, lots: int, price: int, is_ask: bool, tif: int) -> Any:
        expiry = 0 if tif == 0 else -1
        _, told, error = await self.signer.create_order(
            MARKET, client, lots, price, is_ask, 0, tif, order_expiry=expiry
        )
        return {"error": error, "code": told and told.code}

    async def cancel(self, index: int) -> Any:
        _, told, error = await self.signer.cancel_order(MARKET, index)
        return {"error": error, "code": told and told.code}

    async def cancel_all(self) -> Any:
        _, told, error = await self.signer.cancel_all_orders(0, 0)
        return {"error": error, "code": told and told.code}

    async def leverage(self) -> Any:
        _, told, error = await self.signer.update_leverage(MARKET, 0, 10)
        return {"error": error, "code": told and told.code}

    async def active(self) -> Any:
        token, error = self.signer.create_auth_token_with_expiry(api_key_index=KEY)
        assert error is None, error
        told = await self.orders.account_active_orders(
            authorization=token, account_index=self.account, market_id=MARKET
        )
        return [one.to_dict() for one in told.orders]

    async def state(self) -> Any:
        return (await self.accounts.account(by="index", value=str(self.account))).to_dict()

    async def stream(self) -> Any:
        """The book of the client's own stream, after some changes."""
        seen: list[Any] = []
        where = "ws" + self.signer.url.removeprefix("http") + "/stream"

        class Enough(Exception):
            pass

        def heard(_market: str, book: Any) -> None:
            seen.append(json.loads(json.dumps(book)))
            if len(seen) == 5:
                raise Enough

        client = lighter.WsClient(ws_url=where, order_book_ids=[MARKET], on_order_book_update=heard)
        with suppress(Enough):
            async with asyncio.timeout(10):
                await client.run_async()
        return seen[-1]


async def main() -> None:
    """Serve until the input ends."""
    first = json.loads(sys.stdin.readline())
    client = Client(first["address"], first["secret"], first["account"])
    print(json.dumps(time.time()), flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        asked = json.loads(line)
        try:
            answer = {"ok": await getattr(client, asked.pop("do"))(**asked)}
        except Exception as error:  # noqa: BLE001  whatever it is, the test wants to see it
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer, default=str), flush=True)


asyncio.run(main())
