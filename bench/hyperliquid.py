"""From a touch on the socket to the signed order on the socket, at a server on loopback: our adapter, the
official client and plain ccxt, each a process of its own, in turn; and what a million stream messages leave.

Our orders are written to disk before they leave, those of the others are not.
"""

import asyncio
import json
import subprocess
import sys
import time
from typing import Any

from aiohttp import web

from bench.measure import Row
from bench.nado import ROUNDS, Server, percentiles, race
from bench.stories import ROOT

COIN, SIZE = "ETH", 0.05
LEVELS = 20
MESSAGES = 1_000_000
GROWTH_MIB = 5.0
PASS_S = 120
GOALS = {"the official client": 5, "plain ccxt": 3}  # so many times faster than


def touch(number: int) -> dict[str, Any]:
    """A touch that differs from the one before."""
    return _told("bbo", bbo=[_level(3000 - number % 5), _level(3001.5)])


def book(number: int) -> dict[str, Any]:
    """The same as a whole book."""
    bids = [_level(3000 - number % 5 - one) for one in range(LEVELS)]
    return _told("l2Book", levels=[bids, [_level(3001.5 + one) for one in range(LEVELS)]])


def _level(price: float) -> dict[str, Any]:
    return {"px": f"{price:g}", "sz": "1.5", "n": 1}


def _told(channel: str, **more: object) -> dict[str, Any]:
    return {"channel": channel, "data": {"coin": COIN, "time": time.time_ns() // 10**6, **more}}


class Hyperliquid(Server):
    """The same for this venue. A trader that does not ask for touches is told whole books."""

    def __init__(self) -> None:
        super().__init__()
        self.touch = book

    def application(self) -> web.Application:
        """Its routes."""
        app = web.Application()
        app.router.add_post("/info", self._info)
        app.router.add_post("/exchange", self._exchange)
        app.router.add_get("/ws", self._socket)
        return app

    async def _info(self, request: web.Request) -> web.Response:
        return web.json_response(ANSWERS[(await request.json())["type"]])

    async def _exchange(self, request: web.Request) -> web.Response:
        self._ordered((await request.json())["action"])
        return web.json_response(TAKEN)

    def _ordered(self, action: dict[str, Any]) -> None:
        if action["type"] == "order" and not self.order.done():
            self.order.set_result(time.perf_counter_ns())

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for heard in socket:
            message = json.loads(heard.data)
            if message["method"] == "post":
                self._ordered(message["request"]["payload"]["action"])
                response = {"type": "action", "payload": TAKEN}
                answer = {"id": message["id"], "response": response}
                await socket.send_json({"channel": "post", "data": answer})
            elif message["method"] == "subscribe":
                await self._subscribed(socket, message)
        return socket

    async def _subscribed(self, socket: web.WebSocketResponse, message: dict[str, Any]) -> None:
        await socket.send_json({"channel": "subscriptionResponse", "data": message})
        kind = message["subscription"]["type"]
        if kind == "userFills":
            await socket.send_json({"channel": kind, "data": {"isSnapshot": True, "user": "0x", "fills": []}})
        if kind in ("bbo", "l2Book"):
            self.stream = socket
            self.touch = touch if kind == "bbo" else self.touch
            await socket.send_json(book(0) if kind == "l2Book" else touch(0))
            asyncio.get_running_loop().call_later(1, self.ready.set)


META: dict[str, Any] = {
    "universe": [{"name": COIN, "szDecimals": 4, "maxLeverage": 50, "marginTableId": 50}],
    "marginTables": [],
    "collateralToken": 0,
}
CONTEXT = dict.fromkeys(("markPx", "midPx", "oraclePx", "prevDayPx"), "3000.5")
CONTEXT |= {"funding": "0.0000125", "openInterest": "1", "premium": "0", "dayNtlVlm": "1", "dayBaseVlm": "1"}
USDC = {"name": "USDC", "szDecimals": 8, "weiDecimals": 8, "index": 0, "tokenId": "0x0", "isCanonical": True}
SPOT: dict[str, Any] = {"universe": [], "tokens": [USDC]}
STATE: dict[str, Any] = {"assetPositions": [], "marginSummary": {"accountValue": "0"}, "withdrawable": "0"}
ANSWERS: dict[str, Any] = {
    "meta": META,
    "metaAndAssetCtxs": [META, [CONTEXT]],
    "spotMeta": SPOT,
    "spotMetaAndAssetCtxs": [SPOT, []],
    "perpDexs": [None],
    "clearinghouseState": STATE,
}
STATUSES = [{"resting": {"oid": 1}}]
TAKEN = {"status": "ok", "response": {"type": "order", "data": {"statuses": STATUSES}}}


def run() -> list[Row]:
    """Latency beside each of the others, then memory."""
    from tests.oracles.environment import NoOracle
    from tests.oracles.hyperliquid import SCRIPT, python

    trader = [sys.executable, "-m", "bench.hyperliquid_trader"]
    others = {"plain ccxt": [*trader, "plain"]}
    note = ""
    try:
        others["the official client"] = [str(python()), "-I", str(SCRIPT), "race"]
    except NoOracle as error:
        note = f"; no official client: {error}"
    ours: list[int] = []
    theirs: dict[str, list[int]] = {name: [] for name in others}
    for _ in range(ROUNDS):
        ours += race([*trader, "ours"], Hyperliquid)
        for name, command in others.items():
            theirs[name] += race(command, Hyperliquid)
    rows = [_row(which, ours, name, taken, note) for name, taken in theirs.items() for which in (0, 1)]
    return [*rows, _memory(trader)]


def _row(which: int, ours: list[int], name: str, taken: list[int], note: str) -> Row:
    one, other = percentiles(ours)[which], percentiles(taken)[which]
    times, quantile = GOALS[name], ("p50", "p99")[which]
    heard = "whole books and orders by its socket" if name == "plain ccxt" else "touches, orders by HTTP"
    return Row(
        name=f"Hyperliquid: touch on the socket to signed order on the socket, {quantile}",
        value=one,
        unit="us",
        against_name=f"{name} ({heard})",
        against=other,
        ratio=one / other,
        pairs=ROUNDS,
        goal=f"p50 at least {times} times below",
        met=one * times <= other if not which else None,
        note=f"loopback, {len(ours)} touches; ours are written to disk before they leave{note}",
    )


def _memory(trader: list[str]) -> Row:
    done = subprocess.run(
        [*trader, "memory", str(MESSAGES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PASS_S,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-300:])
    mib = float(done.stdout)
    return Row(
        name=f"Hyperliquid: memory after {MESSAGES:,} stream messages",
        value=mib,
        unit="MiB",
        goal=f"at most {GROWTH_MIB:g} MiB more than after a tenth of them",
        met=mib <= GROWTH_MIB,
        note="touches, books, fills and states of orders",
    )
