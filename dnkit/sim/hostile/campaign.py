"""Many runs: what came of each, and what they show together."""

from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b

import msgspec

from dnkit.engine.state import Leg, Order, Past
from dnkit.machine.program import Program
from dnkit.model.terms import EndName, Risk
from dnkit.readers.stats import Rate, rate
from dnkit.sim.hostile.bot import Bot
from dnkit.sim.hostile.referee import Violation
from dnkit.sim.hostile.world import Setting, World

RISKS = (Risk.FLAT, Risk.HEDGED, Risk.UNHEDGED, Risk.UNKNOWN)
QUANTILES = (50, 90, 99, 100)
NO_END, NOT_BEGUN = "no end", "not begun"


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one run. Times in nanoseconds; `cost` (against the mids at the start, fees in it) and
    `unhedged` in picos of money. `end` is "no end" where there was none and "not begun" where an account was
    not fit for the run; `met` counts faults by kind.
    `digest` is equal for runs in which the same happened.
    """

    seed: int
    end: str
    risk: str
    text: str
    time_ns: int
    naked_ns: int
    unhedged: int
    cost: int
    lines: int
    requests: int
    deaths: int
    met: tuple[tuple[str, int], ...]
    violations: tuple[Violation, ...]
    digest: str

    @property
    def name(self) -> str:
        """The end in words, a halt with what it leaves open."""
        return f"halted, {self.risk}" if self.end == EndName.HALTED.value else self.end

    @property
    def badness(self) -> tuple[bool, int, int, int]:
        """What makes one run worse than another: a violation, then risk, then time naked, then cost."""
        halted = self.end in (EndName.HALTED.value, NO_END)
        risk = [one.value for one in RISKS].index(self.risk) + 1 if halted else 0
        return (bool(self.violations), risk, self.naked_ns, self.cost)


def simulate(setting: Setting, seed: int) -> Outcome:
    """One run of the campaign."""
    world = World(setting, seed)
    mids2 = [book.bid + book.ask for book in world.books]
    world.run()
    return outcome_of(world, mids2)


def outcome_of(world: World, mids2: Sequence[int]) -> Outcome:
    """What came of a run that is over; `mids2` are the doubled mids at its start, in ticks."""
    ended, referee, bot = world.state.ended, world.referee, world.bot
    return Outcome(
        seed=world.seed,
        end=ended.end.value if ended else NOT_BEGUN if world.unready else NO_END,
        risk=ended.risk.value if ended else Risk.UNKNOWN.value,
        text=ended.text if ended else world.unready or world.stuck,
        time_ns=world.ended_ns - world.began_ns,
        naked_ns=referee.naked_ns,
        unhedged=referee.unhedged,
        cost=_cost(world.program, world.state.legs, mids2),
        lines=len(bot.lines),
        requests=referee.requests,
        deaths=bot.deaths,
        met=tuple(sorted((fault.value, count) for fault, count in world.luck.met.items() if count)),
        violations=tuple(referee.violations),
        digest=_digest(bot),
    )


def _digest(bot: Bot) -> str:
    """Hash over what was heard, without the id of the run that names of trades hold."""
    heard = "\n".join(one.event for one in bot.lines).replace(bot.run_id, "")
    return blake2b(heard.encode(), digest_size=8).hexdigest()


def _cost(program: Program, legs: Sequence[Leg], mids2: Sequence[int]) -> int:
    """What the fills cost against those mids, in picos, fees in it; gains are below zero."""
    total = 0
    for spec, leg, mid2 in zip(program.legs, legs, mids2, strict=True):
        for one in _orders(leg):
            total += one.side * (2 * one.worth - one.cum * mid2) * spec.instrument.value // 2 + one.fee
    return total


def _orders(leg: Leg) -> list[Order | Past]:
    return [*leg.past, *(one for one in (leg.order, leg.stop) if one is not None)]


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What runs show together. `ends` by how often; the figures are quantiles (50, 90, 99, 100 %) over all
    runs; `met` is in how many runs a kind of fault occurred.
    """

    runs: int
    ends: tuple[tuple[str, Rate], ...]
    time_ns: tuple[int, ...]
    naked_ns: tuple[int, ...]
    cost: tuple[int, ...]
    unhedged: tuple[int, ...]
    lines: int
    deaths: int
    met: tuple[tuple[str, int], ...]
    violated: tuple[Outcome, ...]
    worst: Outcome | None


def summary(outcomes: Sequence[Outcome]) -> Summary:
    """The figures of all of them."""
    runs, names = len(outcomes), Counter(one.name for one in outcomes)
    met = Counter(word for one in outcomes for word, _ in one.met)
    return Summary(
        runs=runs,
        ends=tuple((name, rate(count, runs)) for name, count in names.most_common()),
        time_ns=_quantiles([one.time_ns for one in outcomes]),
        naked_ns=_quantiles([one.naked_ns for one in outcomes]),
        cost=_quantiles([one.cost for one in outcomes]),
        unhedged=_quantiles([one.unhedged for one in outcomes]),
        lines=sum(one.lines for one in outcomes),
        deaths=sum(one.deaths for one in outcomes),
        met=tuple(met.most_common()),
        violated=tuple(one for one in outcomes if one.violations),
        worst=max(outcomes, key=lambda one: one.badness, default=None),
    )


def _quantiles(values: list[int]) -> tuple[int, ...]:
    """The smallest values that so many percent of all do not exceed; empty of nothing."""
    ordered = sorted(values)
    return tuple(ordered[max(0, -(-len(ordered) * one // 100) - 1)] for one in QUANTILES) if ordered else ()
