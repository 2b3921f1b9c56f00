"""From a touch on the socket to the signed order on the socket, at a server on loopback: our adapter and the
official client, each a process of its own, in turn; and what a million stream messages leave in memory.

Our orders are written to disk before they leave, the client's are not.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

from aiohttp import web

from bench.measure import Row, skipped
from bench.stories import ROOT

TOUCHES = 300
ROUNDS = 3
PAUSE_S = 0.005  # between an order and the next touch
MESSAGES = 1_000_000
GROWTH_MIB = 5.0
FIFTH = 0.2
SECRET = "11" * 32  # of nobody
X18 = 10**18
PRICE, AMOUNT = 2_000 * X18, X18 // 10


def touch(number: int) -> dict[str, Any]:
    """A touch of ETH-PERP that differs from the one before."""
    return {
        "type": "best_bid_offer",
        "timestamp": str(time.time_ns()),
        "product_id": 4,
        "bid_price": str(PRICE - X18 // 10 * (1 + number % 5)),
        "bid_qty": str(AMOUNT),
        "ask_price": str(PRICE),
        "ask_qty": str(AMOUNT),
    }


class Server:
    """As much of the venue as a trader needs to come up: fixed answers, one stream, orders taken."""

    def __init__(self) -> None:
        self.stream: web.WebSocketResponse | None = None
        self.ready = asyncio.Event()
        self.order: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def race(self, touches: int) -> list[int]:
        """Nanoseconds from each touch sent to the order that answers it."""
        async with asyncio.timeout(30):
            await self.ready.wait()
        taken = []
        for number in range(touches):
            self.order = asyncio.get_running_loop().create_future()
            assert self.stream is not None
            frame = json.dumps(touch(number))
            start = time.perf_counter_ns()
            await self.stream.send_str(frame)
            async with asyncio.timeout(10):
                taken.append(await self.order - start)
            await asyncio.sleep(PAUSE_S)
        return taken

    def application(self) -> web.Application:
        """Its routes."""
        app = web.Application()
        app.router.add_post("/v1/query", self._query)
        app.router.add_get("/v1/edge/query", self._time)
        app.router.add_get("/v1/ws", self._orders)
        app.router.add_get("/ws/v2", self._orders)
        app.router.add_get("/v1/subscribe", self._streams)
        return app

    async def _query(self, request: web.Request) -> web.Response:
        kind = (await request.json())["type"]
        return web.json_response(
            {"status": "success", "data": ANSWERS[kind](), "request_type": f"query_{kind}"}
        )

    async def _time(self, _request: web.Request) -> web.Response:
        return web.json_response({"server_time": str(time.time_ns() // 10**6)})

    async def _orders(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            at = time.perf_counter_ns()
            if not self.order.done():
                self.order.set_result(at)
            body = json.loads(message.data)["place_order"]
            answer = {"status": "success", "data": {"digest": "0x"}, "id": body.get("id")}
            await socket.send_json(answer)
        return socket

    async def _streams(self, request: web.Request) -> web.WebSocketResponse:
        socket = self.stream = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            asked = json.loads(message.data)
            await socket.send_json({"result": None, "id": asked["id"]})
            if asked.get("stream", {}).get("type") == "best_bid_offer":
                asyncio.get_running_loop().call_later(0.5, self.ready.set)
        return socket


def _symbols() -> dict[str, Any]:
    symbol = {
        "type": "perp",
        "product_id": 4,
        "symbol": "ETH-PERP",
        "price_increment_x18": str(X18 // 10),
        "size_increment": str(X18 // 1000),
        "min_size": str(10 * X18),
        "maker_fee_rate_x18": "0",
        "taker_fee_rate_x18": "0",
    }
    return {"symbols": {"ETH-PERP": symbol}}


ANSWERS: dict[str, Callable[[], dict[str, Any]]] = {
    "contracts": lambda: {"chain_id": "57073", "endpoint_addr": f"0x{'05' * 20}"},
    "symbols": _symbols,
    "market_liquidity": lambda: {
        "bids": [[str(PRICE - X18), str(AMOUNT)]],
        "asks": [[str(PRICE), str(AMOUNT)]],
        "timestamp": str(time.time_ns()),
    },
}


@asynccontextmanager
async def served(server: Server) -> AsyncIterator[str]:
    """The server on a free port: its address."""
    runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


def race(command: Sequence[str]) -> list[int]:
    """One trader in a process of its own; it gets the address and the key on its standard input."""

    async def run() -> list[int]:
        server = Server()
        async with served(server) as address:
            env = {**os.environ, "PYTHONPATH": str(ROOT)}
            with subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, env=env
            ) as trader:
                try:
                    assert trader.stdin is not None
                    trader.stdin.write(json.dumps({"address": address, "secret": SECRET}) + "\n")
                    trader.stdin.flush()
                    return await server.race(TOUCHES)
                except TimeoutError as error:
                    raise RuntimeError(f"{command[-1]} does not trade") from error
                finally:
                    trader.kill()

    return asyncio.run(run())


def percentiles(taken: Sequence[int]) -> tuple[float, float]:
    """Median and 99th percentile, in microseconds."""
    cuts = quantiles(taken, n=100)
    return cuts[49] / 1000, cuts[98] / 1000


def run() -> list[Row]:
    """Latency, then memory."""
    ours, theirs, note = _samples()
    rows = []
    for which, name in enumerate(("p50", "p99")):
        one = percentiles(ours)[which]
        other = percentiles(theirs)[which] if theirs else None
        rows.append(
            Row(
                name=f"nado: touch on the socket to signed order on the socket, {name}",
                value=one,
                unit="us",
                against_name="the official client",
                against=other,
                ratio=one / other if other else None,
                pairs=ROUNDS,
                goal="p50 at most a fifth of the official client" if other else "",
                met=one <= other * FIFTH if other and not which else None,
                note=f"loopback, {len(ours)} touches; an order is written to disk before it leaves{note}",
            )
        )
    return [*rows, _memory()]


def _samples() -> tuple[list[int], list[int], str]:
    """Ours and theirs, in turn; theirs are none where the client cannot be had."""
    from tests.oracles.environment import NoOracle
    from tests.oracles.nado import SCRIPT, python

    ours: list[int] = []
    theirs: list[int] = []
    us = [sys.executable, "-m", "bench.nado_trader", "race"]
    try:
        them, note = [str(python()), str(SCRIPT), "race"], ""
    except NoOracle as error:
        them, note = [], f"; no official client: {error}"
    for _ in range(ROUNDS):
        ours += race(us)
        theirs += race(them) if them else []
    return ours, theirs, note


def _memory() -> Row:
    """Resident memory after a tenth of the messages, and after all."""
    name = f"nado: memory over {MESSAGES} stream messages"
    with tempfile.TemporaryDirectory() as home:
        done = subprocess.run(
            [sys.executable, "-m", "bench.nado_trader", "memory", str(MESSAGES)],
            check=False,
            capture_output=True,
            text=True,
            cwd=Path(ROOT),
            env={**os.environ, "DNKIT_HOME": home},
        )
    if done.returncode:
        return skipped(name, done.stderr[-300:])
    early, late, per_s = (float(one) for one in done.stdout.split())
    return Row(
        name=name,
        value=late - early,
        unit="MiB more than after a tenth of them",
        goal=f"at most {GROWTH_MIB:g} MiB",
        met=late - early <= GROWTH_MIB,
        note=f"{late:.0f} MiB in the end; {per_s:,.0f} messages a second, read and applied",
    )
