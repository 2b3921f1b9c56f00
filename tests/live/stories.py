"""What is traded live in the campaigns, where, and the judge: what the exchanges truly hold against what the
run says of itself.
"""

import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import msgspec
import yaml
from msgspec.structs import replace

from dnkit.live.keys import rehearsed
from dnkit.model.instrument import Instrument
from dnkit.runtime.library import VenueFacts
from dnkit.venues.evm import key_of
from tests.live.site import ETH, SOL, Site, intended, local
from tests.recovery.processes import ROOT

UNREACHED = 5
ENDED = (0, 20, 21, 22, 23)  # a halt is an end too, where it says what is open
NADO, HYPERLIQUID = "nado", "hyperliquid_perpetual"


class Leg(msgspec.Struct, frozen=True):
    """Where a leg trades, and the lots it begins with."""

    venue: str
    symbol: str
    lots: int = 0

    def coin(self, lots: int) -> Decimal:
        """So many lots, in coin."""
        return self._instrument.quantity(lots)

    @property
    def least(self) -> Decimal:
        """The smallest order the venue takes, in coin, whatever the price."""
        return self._instrument.quantity(self._instrument.lots_min)

    @property
    def _instrument(self) -> Instrument:
        found = VenueFacts()[self.venue].instrument(self.symbol)
        assert found is not None, f"{self.venue} has no {self.symbol}"
        return found


class Case(msgspec.Struct, frozen=True):
    """A shipped policy, its legs in their order, about how many lines a run has, what is written otherwise in
    its text. `clip` is what an opening opens, in coin.
    """

    policy: str
    legs: tuple[Leg, ...]
    lines: int
    changes: tuple[tuple[str, str], ...] = ()
    clip: Decimal = Decimal(0)

    @property
    def name(self) -> str:
        return f"{self.policy} on {' and '.join(dict.fromkeys(one.venue for one in self.legs))}"

    @property
    def tolerance(self) -> Decimal:
        """What imbalance an opening leaves alone."""
        return max(self.clip / 20, *(one.least for one in self.legs))


ACROSS = (
    ("{venue: backpack}", "{venue: nado}"),
    ("{venue: grvt}", "{venue: hyperliquid_perpetual}"),
    ("default: market, choices", "default: none, choices"),
    ("after: 90s", "after: 600s"),  # an order that Hyperliquid may not know yet is waited for 65 s
)
ELSEWHERE = (("{venue: nado, symbol: SOL-PERP}", "{venue: hyperliquid_perpetual, symbol: SOL}"),)
PAIR = Case("pair_unwind_ioc_ladder", (Leg(NADO, ETH, 200), Leg(NADO, SOL, -40)), 16)
UNWIND = Case("emergency_unwind", (Leg(HYPERLIQUID, "SOL", 400),), 18, ELSEWHERE)
OPEN = Case(
    "open_post_only_hedge", (Leg(NADO, ETH), Leg(HYPERLIQUID, "ETH")), 24, ACROSS, clip=Decimal("0.2")
)
BYBIT = (("venue: aster", "venue: bybit"), ("default: 15s", "default: 5s"))
AT_LIGHTER = Case("close_two_phase", (Leg("bybit", "ETHUSDT", -20), Leg("lighter", "ETH", 2_000)), 24, BYBIT)
AT_OKX = Case(
    "close_two_phase",
    (Leg("bybit", "ETHUSDT", -20), Leg("okx_perpetual", "ETH-USDT-SWAP", 200)),
    24,
    (*BYBIT, ("{venue: lighter}", "{venue: okx_perpetual}")),
)
# Lighter's own library signs, and is not shipped.
CLOSE = AT_LIGHTER if "DNKIT_LIGHTER_LIBRARY" in os.environ else AT_OKX
CASES = (PAIR, UNWIND, OPEN, CLOSE)


class Ground(msgspec.Struct, frozen=True):
    """The exchanges of a case, and the state folder of whoever trades there."""

    sites: tuple[Site, ...]
    home: Path

    def of(self, number: int) -> "Ground":
        """The same with an account and a folder of their own, so that none meets what another left."""
        home, key = self.home / str(number), f"{number + 1:064x}"
        home.mkdir(parents=True)
        keys = home / "keys.yaml"
        keys.touch(mode=0o600)
        sites = tuple(replace(one, home=home, key=key) for one in self.sites)
        keys.write_text(yaml.safe_dump({one.venue: _keys(one) for one in sites}))
        return Ground(sites, home)

    def at(self, leg: Leg) -> Site:
        return next(one for one in self.sites if one.venue == leg.venue)

    def endow(self, case: Case) -> None:
        """Give every leg what it begins with."""
        for leg in case.legs:
            if leg.lots:
                self.at(leg).endow(leg.symbol, leg.lots)

    @property
    def flags(self) -> tuple[str, ...]:
        endpoint = ",".join(f"{one.venue}={one.address}" for one in self.sites)
        return ("--live", "--endpoint", endpoint, "--no-report", "--json")

    def policy(self, case: Case) -> str:
        """A path of the policy's text as it is here."""
        text = (ROOT / "policies" / f"{case.policy}.yaml").read_text()
        for there, here in case.changes:
            assert there in text, f"{case.policy} says {there} no more"
            text = text.replace(there, here)
        path = self.home / f"{case.policy}.yaml"
        path.write_text(text)
        return str(path)


def _keys(site: Site) -> dict[str, str]:
    """Keys that can trade and not withdraw, where a venue tells which can."""
    if site.venue != HYPERLIQUID:
        account = {"account_index": site.account} if site.venue == "lighter" else {}
        return rehearsed(site.venue, site.key) | account
    agent = f"a9e{site.key[3:]}"
    site.door.post("agent", account=site.account, agent=f"0x{key_of(agent).address.hex()}")
    return {"private_key": agent, "account": site.account}


@contextmanager
def ground(root: Path, case: Case, *, faults: str, for_s: int, speed: int = 1) -> Iterator[Ground]:
    """The exchanges of a case, as long as the block."""
    with ExitStack() as stack:
        venues = dict.fromkeys(one.venue for one in case.legs)
        sites = [local(root, venue=one, faults=faults, for_s=for_s, speed=speed) for one in venues]
        yield Ground(tuple(stack.enter_context(one) for one in sites), root / "home")


def trade_words(case: Case, here: Ground) -> tuple[str, ...]:
    """The command that runs it."""
    accept = ("--i-accept-unproven",) if case.clip else ()
    return ("trade", "-p", here.policy(case), *accept, *here.flags)


def end_of(done: subprocess.CompletedProcess[str]) -> str:
    """How the cycle ended: "flat", "halted hedged"; "not begun" where nothing was, or a venue let nobody in;
    "none" without a word.
    """
    if done.returncode == UNREACHED:
        return "not begun"
    if not done.stdout:
        return "none"
    cycles = json.loads(done.stdout)["data"]["cycles"]
    if not cycles:
        return "not begun"
    end, risk = cycles[0]["end"], cycles[0]["risk"]
    return f"halted {risk}" if end == "halted" else str(end)


class Held(msgspec.Struct, frozen=True):
    """One leg at its exchange, in coin: what it holds, all it ever bought and sold; its client ids there."""

    lots: Decimal
    bought: Decimal
    sold: Decimal
    ids: tuple[str, ...]
    resting: tuple[str, ...]


def held_of(leg: Leg, site: Site) -> Held:
    """Ask the exchange."""
    told = site.truth()[leg.symbol]
    sums = {1: 0, -1: 0}
    for one in told["orders"]:
        sums[one["side"]] += one["cum"]
    return Held(
        lots=leg.coin(told["lots"]),
        bought=leg.coin(sums[1]),
        sold=leg.coin(sums[-1]),
        ids=tuple(one["id"] for one in told["orders"]),
        resting=tuple(told["resting"]),
    )


def judged(case: Case, here: Ground, done: subprocess.CompletedProcess[str]) -> tuple[str, ...]:
    """What must not be, of a cycle that ended so."""
    end = end_of(done)
    if end == "not begun":
        return tuple(_touched(case, here))
    if end == "none" or done.returncode not in ENDED:
        return (f"no end: exit {done.returncode}: {done.stderr}",)
    held = tuple(held_of(leg, here.at(leg)) for leg in case.legs)
    asked = Counter(one.leg for one in intended(here.home).values())
    meant = tuple(asked[number] for number in range(len(held)))
    return tuple(faults_of(case, held, meant, end, done.stderr))


def _touched(case: Case, here: Ground) -> Iterator[str]:
    """What a run that never began must not have done."""
    for leg in case.legs:
        held = held_of(leg, here.at(leg))
        if held.ids or held.lots != leg.coin(leg.lots):
            yield f"not begun, and yet: {held}"


def faults_of(
    case: Case, held: tuple[Held, ...], meant: tuple[int, ...], end: str, said: str
) -> Iterator[str]:
    """What must not be. `meant`: orders that each leg meant to send."""
    for leg, one, count in zip(case.legs, held, meant, strict=True):
        if one.resting:
            yield f"orphan order: {leg.symbol} {one.resting}"
        if len(one.ids) > count or len(set(one.ids)) < len(one.ids):
            yield f"sent twice: {leg.symbol} {len(one.ids)} orders for {count}"
    opened = [abs(one.lots) >= leg.least for leg, one in zip(case.legs, held, strict=True)]
    if end in ("flat", "halted flat", "idle") and any(opened):
        yield f"false flat: {held}"
    naked = abs(sum((one.lots for one in held), Decimal(0)))
    if case.clip and end in ("hedged", "halted hedged") and naked > case.tolerance:
        yield f"false hedged: {held}"
    yield from _over(case, held)
    if end.startswith("halted") and "ALERT" not in said:
        yield "halted without an alert"


def _over(case: Case, held: tuple[Held, ...]) -> Iterator[str]:
    """Work done twice: by all that was ever traded, so that it cannot be hidden by giving it back."""
    if case.clip:
        quote, hedge = (max(one.bought, one.sold) for one in held)
        if quote > case.clip or hedge > quote + case.tolerance:
            yield f"double hedge: {quote} opened and {hedge} traded against it"
        return
    for leg, one in zip(case.legs, held, strict=True):
        closed = one.sold if leg.lots > 0 else one.bought
        if closed > leg.coin(abs(leg.lots)):
            yield f"double hedge: {leg.symbol} closed {closed} of {leg.coin(leg.lots)}"


def counts(name: str, ends: list[str], wrong: list[tuple[str, ...]]) -> str:
    """One line of a campaign."""
    kinds = Counter(fault.split(":")[0] for some in wrong for fault in some)
    return f"{name}: {len(ends)} cycles, {dict(Counter(ends))}; wrong: {dict(kinds) if kinds else 'nothing'}"
