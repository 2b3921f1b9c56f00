"""From the text of a touch to the text of the signed order that answers it: our adapter's own path, the order
noted on disk, and the official client's, which notes nothing. Each in a process of its own, no network.
Then what a million stream messages leave in memory.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import quantiles

from bench.measure import Row, skipped
from bench.stories import ROOT

ROUNDS, PASS_S = 3, 120
MESSAGES = 1_000_000
GROWTH_MIB = 5.0
MEDIAN = 49  # of a hundred cuts
PEER = """
import json, time, eth_account
from hyperliquid.utils.signing import order_request_to_order_wire, order_wires_to_order_action, sign_l1_action
wallet = eth_account.Account.from_key("11" * 32)
def answer(text, number):
    price = float(json.loads(text)["data"]["bbo"][0]["px"])
    asked = {"coin": "ETH", "is_buy": True, "sz": 0.05, "limit_px": price, "reduce_only": False}
    asked["order_type"] = {"limit": {"tif": "Alo"}}
    action = order_wires_to_order_action([order_request_to_order_wire(asked, 0)])
    nonce = 1790000000000 + number
    signature = sign_l1_action(wallet, action, None, nonce, None, False)
    return json.dumps({"action": action, "nonce": nonce, "signature": signature})
def touch(number):
    levels = [{"px": str(3000 - number % 5), "sz": "1.5", "n": 1}, {"px": "3001.5", "sz": "2", "n": 1}]
    data = {"coin": "ETH", "time": 1790000000000 + number, "bbo": levels}
    return json.dumps({"channel": "bbo", "data": data})
taken = []
for number in range(400):
    text = touch(number)
    start = time.perf_counter_ns()
    answer(text, number)
    taken.append(time.perf_counter_ns() - start)
print(json.dumps(taken[100:]))
"""


def run() -> list[Row]:
    """Median and tail of touch to order, growth of memory."""
    where = os.environ.get("DNKIT_ORACLES_DIR")
    python = Path(where or Path.home() / ".cache" / "dnkit" / "oracles") / "hyperliquid" / "bin" / "python"
    if not python.exists():
        return [skipped("Hyperliquid: touch to order", "no official client; run make test-oracles once")]
    ours: list[int] = []
    theirs: list[int] = []
    for _ in range(ROUNDS):
        ours += json.loads(_trader("orders"))
        theirs += json.loads(_of([str(python), "-I", "-c", PEER]))
    grown = float(_trader("memory", str(MESSAGES)))
    return [_row("median", MEDIAN, ours, theirs), _row("99 of 100", 98, ours, theirs), _grown(grown)]


def _row(name: str, cut: int, ours: list[int], theirs: list[int]) -> Row:
    one, other = (quantiles(all_, n=100)[cut] / 1e3 for all_ in (ours, theirs))
    return Row(
        name=f"Hyperliquid: touch to signed order, {name}",
        value=one,
        unit="us",
        against_name="official client",
        against=other,
        ratio=one / other,
        pairs=ROUNDS,
        goal="median at most a fifth of the official client",
        met=one <= other / 5 if cut == MEDIAN else None,
        note=f"{len(ours)} orders; ours are written to disk before they are signed",
    )


def _grown(mib: float) -> Row:
    return Row(
        name=f"Hyperliquid: memory after {MESSAGES:,} stream messages",
        value=mib,
        unit="MiB",
        goal=f"at most {GROWTH_MIB:g} MiB more than after a tenth of them",
        met=mib <= GROWTH_MIB,
        note="touches, books, fills and states of orders",
    )


def _trader(*words: str) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return _of([sys.executable, "-m", "bench.hyperliquid_trader", folder, *words])


def _of(command: list[str]) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PASS_S, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-300:])
    return done.stdout
