"""From a change of the book on the socket to the signed order on the socket, at a server on loopback: our
adapter, which is made of ccxt, and ccxt as one uses it plainly, each a process of its own, in turn; and what
stream messages leave in memory.

Our orders are on disk before they leave and held against the wire; plain ccxt does neither.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from bench.measure import Row, skipped
from bench.nado import ROUNDS, Server, percentiles, race
from bench.stories import ROOT

SYMBOL, TICK = "ETHUSDT", 0.01
BID, ASK = 2_000.0, 2_001.0
LEVELS = 50
MESSAGES = 200_000
GROWTH_MIB = 5.0
PASS_S = 200


def change(number: int) -> dict[str, Any]:
    """The touch moves a little; the levels behind it stay."""
    bids = [[f"{BID + TICK * at:.2f}", "1" if at == 1 + number % 5 else "0"] for at in range(1, 6)]
    return message("delta", number, bids, [])


def message(type: str, number: int, bids: list[list[str]], asks: list[list[str]]) -> dict[str, Any]:
    """A word on the book."""
    data = {"s": SYMBOL, "b": bids, "a": asks, "u": number + 2, "seq": number + 2}
    topic, now_ms = f"orderbook.{LEVELS}.{SYMBOL}", time.time_ns() // 10**6
    return {"topic": topic, "type": type, "ts": now_ms, "data": data}


def whole() -> dict[str, Any]:
    """The book at first."""
    bids = [[f"{BID - TICK * at:.2f}", "1"] for at in range(LEVELS)]
    return message("snapshot", 0, bids, [[f"{ASK + TICK * at:.2f}", "1"] for at in range(LEVELS)])


class Bybit(Server):
    """The same for this venue."""

    touch = staticmethod(change)

    def application(self) -> web.Application:
        """Its routes."""
        app = web.Application()
        app.router.add_get("/v5/public/linear", self._books)
        app.router.add_get("/v5/private", self._account)
        app.router.add_post("/v5/order/create", self._order)
        app.router.add_get("/v5/{path:.+}", self._told)
        return app

    async def _order(self, request: web.Request) -> web.Response:
        body = await request.json()
        if not self.order.done():
            self.order.set_result(time.perf_counter_ns())
        return _answer({"orderId": "1", "orderLinkId": body.get("orderLinkId", "")})

    async def _told(self, request: web.Request) -> web.Response:
        return _answer(ANSWERS.get(request.match_info["path"], {"list": []}))

    async def _books(self, request: web.Request) -> web.WebSocketResponse:
        socket = self.stream = web.WebSocketResponse()

        async def subscribed() -> None:
            await socket.send_json(whole())
            asyncio.get_running_loop().call_later(1, self.ready.set)

        return await _spoken(socket, request, subscribed)

    async def _account(self, request: web.Request) -> web.WebSocketResponse:
        return await _spoken(web.WebSocketResponse(), request, _nothing)


async def _nothing() -> None:
    """An account without orders."""


async def _spoken(
    socket: web.WebSocketResponse, request: web.Request, subscribed: Callable[[], Awaitable[None]]
) -> web.WebSocketResponse:
    await socket.prepare(request)
    async for heard in socket:
        asked = json.loads(heard.data)
        told = {"success": True, "op": asked["op"], "req_id": asked.get("req_id")}
        await socket.send_json({**told, "ret_msg": "pong" if asked["op"] == "ping" else ""})
        if asked["op"] == "subscribe":
            await subscribed()
    return socket


def _answer(result: dict[str, Any]) -> web.Response:
    return web.json_response({"retCode": 0, "retMsg": "OK", "result": result, "time": 1})


ANSWERS: dict[str, dict[str, Any]] = {
    "market/instruments-info": {
        "category": "linear",
        "list": [
            {
                "symbol": SYMBOL,
                "contractType": "LinearPerpetual",
                "status": "Trading",
                "baseCoin": "ETH",
                "quoteCoin": "USDT",
                "settleCoin": "USDT",
                "priceFilter": {"tickSize": "0.01"},
                "lotSizeFilter": {"minOrderQty": "0.01", "qtyStep": "0.01"},
            }
        ],
    },
    "market/orderbook": {"s": SYMBOL, "b": [], "a": [], "ts": 1, "u": 1},
}


def run() -> list[Row]:
    """Latency, then memory."""
    ours: list[int] = []
    plain: list[int] = []
    for _ in range(ROUNDS):
        ours += race([sys.executable, "-m", "bench.bybit_trader", "ours"], Bybit)
        plain += race([sys.executable, "-m", "bench.bybit_trader", "plain"], Bybit)
    rows = []
    for which, name in enumerate(("p50", "p99")):
        one, other = percentiles(ours)[which], percentiles(plain)[which]
        rows.append(
            Row(
                name=f"bybit: book on the socket to signed order on the socket, {name}",
                value=one,
                unit="us",
                against_name="plain ccxt",
                against=other,
                ratio=one / other,
                pairs=ROUNDS,
                note=f"loopback, {len(ours)} changes; ours are on disk and checked before they leave",
            )
        )
    return [*rows, _memory()]


def _memory() -> Row:
    """Resident memory after a tenth of the messages, and after all."""
    name = f"bybit: memory over {MESSAGES:,} stream messages"
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "bench.bybit_trader", "memory", str(MESSAGES)],
            check=False,
            capture_output=True,
            text=True,
            timeout=PASS_S,
            cwd=ROOT,
            env={**os.environ, "DNKIT_HOME": home},
        )
    if done.returncode:
        return skipped(name, done.stderr[-300:])
    grown = float(done.stdout)
    return Row(
        name=name,
        value=grown,
        unit="MiB more than after a tenth of them",
        goal=f"at most {GROWTH_MIB:g} MiB",
        met=grown <= GROWTH_MIB,
        note="changes of the book and executions, through ccxt and the adapter",
    )
