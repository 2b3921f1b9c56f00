"""What is run, and what is seen of each run."""

from collections.abc import Iterator
from functools import cache
from itertools import groupby, product
from pathlib import Path

import msgspec
from msgspec.structs import replace

from dnkit.cli.simulate import recorded
from dnkit.cli.simulating import Asked, setting_of
from dnkit.engine.orders import IMMEDIATE
from dnkit.engine.state import Leg
from dnkit.market.feed import Market
from dnkit.model.instrument import Instrument
from dnkit.model.numbers import NS_PER_S
from dnkit.model.terms import EndName
from dnkit.readers.facts import OrderFact, RunFacts, gather
from dnkit.runtime.floor import Stores
from dnkit.runtime.folder import state_folder
from dnkit.runtime.market import open_market, parse_market
from dnkit.sim.hostile.tape import Tapes
from dnkit.sim.hostile.world import Setting
from tests.tidy.source_tree import ROOT

APART_NS = 10 * NS_PER_S
MOST_PLACES = 1_000
BOOKS = ("binance_spot", "binance_coinm", "binance_usdm")


class Way(msgspec.Struct, frozen=True):
    """One of the ways that are compared: a policy, what is set of it, its name in the table."""

    name: str
    policy: str
    settings: tuple[tuple[str, str], ...] = ()


class Task(msgspec.Struct, frozen=True):
    """What is to be done, and the ways of doing it. `coins` by leg: each set of legs is one market."""

    name: str
    coins: tuple[tuple[str, ...], ...]
    ways: tuple[Way, ...]


BASELINES = ROOT / "policies" / "baselines"
ONE, PAIR = str(BASELINES / "single_ioc.yaml"), str(BASELINES / "single_ioc_pair.yaml")
FIVE = (("pay_up", "5bps"),)
TASKS = (
    Task(
        "one naked leg",
        (("ETH",), ("BTC",)),
        (
            Way("ladder (`emergency_unwind`)", "emergency_unwind"),
            Way("single IOC at the touch", ONE),
            Way("single IOC, 5 bps through", ONE, FIVE),
        ),
    ),
    Task(
        "a pair",
        (("ETH", "BTC"),),
        (
            Way("ladder (`pair_unwind_ioc_ladder`)", "pair_unwind_ioc_ladder"),
            Way("single IOC each, at the touch", PAIR),
            Way("single IOC each, 5 bps through", PAIR, FIVE),
        ),
    ),
)
SIZES = ("$500", "$200,000")
WORLDS = ("calm", "thin", "rough")
OWN = {"thin": str(Path(__file__).parent / "thin.yaml")}


class Seen(msgspec.Struct, frozen=True):
    """What is seen of one run. Times in nanoseconds, money in half picos, `pay_up` in mbps.

    `takes` are whole attempts to take (all rungs of a ladder are one), `filled` those of them that got all;
    `paid` is what taking cost against the mid when each order left, on `taken`. `left` of `held` lots (of the
    leg that is worst off) is still open at the end. `checked_ns` is the time from the last fill to the end.
    """

    flat: bool
    halted: bool
    broken: bool
    takes: int
    filled: int
    paid: int
    taken: int
    left: int
    held: int
    checked_ns: int
    naked_ns: int
    pay_up: int


def settings_of(data: Path, task: Task, way: Way, size: str, world: str) -> Iterator[tuple[Asked, Setting]]:
    """One for each market of the task and direction of its first leg; `data` is the recording."""
    market = f"recorded:{data}"
    for coins, book, side in product(task.coins, BOOKS, ("long", "short")):
        legs = tuple(zip("ab", coins, strict=False))
        asked = Asked(
            policy=way.policy,
            settings=way.settings,
            symbols=tuple(f"{leg}={coin}-PERP" for leg, coin in legs),
            clips=tuple(f"{leg}={size}" for leg, _ in legs),
            sides=tuple(f"{leg}={one}" for (leg, _), one in zip(legs, _sides(side), strict=False)),
            books=tuple(f"{leg}={book}:{_symbol(book, coin)}" for leg, coin in legs),
            market=market,
            faults=OWN.get(world, world),
        )
        setting = setting_of(asked)
        instruments = tuple((leg.name, leg.instrument) for leg in setting.program.legs)
        yield asked, replace(setting, tapes=_tapes(market, asked.books, instruments))


def _sides(first: str) -> tuple[str, str]:
    return ("long", "short") if first == "long" else ("short", "long")


def _symbol(book: str, coin: str) -> str:
    return f"{coin}USD_PERP" if book == "binance_coinm" else f"{coin}USDT"


@cache
def _tapes(market: str, books: tuple[str, ...], legs: tuple[tuple[str, Instrument], ...]) -> Tapes:
    """Books are read once for all that trade on them."""

    def make(_number: int) -> Market:
        choice, cache = parse_market(market), state_folder().cache
        return open_market(choice, dict(legs), books, seed=0, loop=False, cache=cache).market

    return Tapes(make, [one for _, one in legs], 1, MOST_PLACES, APART_NS)


def see(asked: Asked, setting: Setting, seed: int, stores: Stores) -> Seen:
    """Run one seed, and look."""
    run_id, outcome = recorded(asked, setting, seed, stores)
    facts = gather(stores.reader, stores.reader.run(run_id))
    assert facts is not None, "a run has lines"
    takes = list(_takes(facts))
    every = [one for take in takes for one in take]
    legs = [(_open(leg), abs(leg.start)) for leg in facts.last.legs if leg.start]
    left, held = max(legs, key=lambda one: one[0] / one[1], default=(0, 0))
    return Seen(
        flat=outcome.end == EndName.FLAT.value,
        halted=outcome.end == EndName.HALTED.value,
        broken=bool(outcome.violations),
        takes=len(takes),
        filled=sum(sum(one.cum for one in take) >= take[0].lots for take in takes),
        paid=sum(_paid(facts, one) for one in every),
        taken=sum(one.cum * one.sent2 * _value(facts, one) for one in every),
        left=left,
        held=held,
        checked_ns=facts.last_ns - facts.last_fill_ns if facts.last_fill_ns else 0,
        naked_ns=outcome.naked_ns,
        pay_up=max(facts.pay_up),
    )


def _open(leg: Leg) -> int:
    """Lots of a position, but for what is too little to be traded."""
    return abs(leg.position) if abs(leg.position) >= leg.least else 0


def _takes(facts: RunFacts) -> Iterator[list[OrderFact]]:
    """Orders that take, one list an attempt: a phase on a leg from its first rung on."""
    for _, orders in groupby(sorted(facts.orders, key=lambda one: one.leg), key=lambda one: one.leg):
        take: list[OrderFact] = []
        for one in orders:
            if take and (one.phase != take[-1].phase or one.rung <= take[-1].rung):
                yield take
                take = []
            if one.type in IMMEDIATE:
                take.append(one)
        if take:
            yield take


def _paid(facts: RunFacts, order: OrderFact) -> int:
    return order.side * (2 * order.worth - order.cum * order.sent2) * _value(facts, order)


def _value(facts: RunFacts, order: OrderFact) -> int:
    return facts.run.program.legs[order.leg].instrument.value
