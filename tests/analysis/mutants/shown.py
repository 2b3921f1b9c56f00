"""Small programs that show what a mutant does, each as a function of no arguments."""

from collections.abc import Callable
from typing import Any

from msgspec.structs import replace

from dnkit.machine import program as pg
from dnkit.machine.program import PhaseKind, Program
from dnkit.model.numbers import MBPS_ONE
from dnkit.model.terms import EndName, Intent, OrderType, Side
from tests.analysis.graphs import shipped
from tests.compile.helpers import program_of
from tests.compile.test_compile import INNER, OUTER
from tests.engine.harness import BPS, S, done, leg, phase, phase_target, program
from tests.engine.programs import LIMITS, open_hedged, rest_job, take_job, unwind_one, verify
from tests.engine.test_hostile import followed
from tests.sim.test_shipped_scenarios import PATHS


def emergency_unwind() -> Program:
    return shipped("emergency_unwind")


def post_only_hedge() -> Program:
    return shipped("open_post_only_hedge")


def baseline() -> Program:
    return shipped("perps_baseline")


def slow_look_up() -> Program:
    """A venue that may not know an order for longer than it may leave it unanswered."""
    return unwind_one(legs=(leg("a", Side.BUY, lookup_lag_ns=5 * S),))


def narrow() -> Program:
    """A ladder that would go further than its policy allows."""
    return unwind_one(limits=replace(LIMITS, concession_max=8 * BPS))


def generous() -> Program:
    """A pair that leaves more than half of a clip alone."""
    return open_hedged(limits=replace(LIMITS, hedge_min=pg.Amount(clip_mbps=6 * MBPS_ONE // 10)))


def hurried() -> Program:
    """A pair that has to be hedged in time, else it gives the quote back."""
    return open_hedged(limits=replace(LIMITS, deadline_ns=4 * S, deadline_to=phase_target(3)))


def following() -> Program:
    """A quote that follows the touch."""
    return followed(unwind_one)


def capped() -> Program:
    """A market order whose only bounds are its cap and the policy's, on a venue that has none."""
    job = take_job(0, pg.SizeKind.POSITION, (), type=OrderType.MARKET, cap=10 * BPS, reduces=True)
    return _one_take(job, market_native=False)


def amount(lots: int) -> Callable[[], Program]:
    """A ladder for a fixed amount."""
    job = take_job(0, pg.SizeKind.FIXED, amount=pg.Amount(lots=lots), reduces=True)
    return lambda: _one_take(job)


def _one_take(job: pg.Job, **venue: Any) -> Program:
    phases = (
        phase("take", PhaseKind.TAKE, dict.fromkeys(("filled", "short"), phase_target(1)), jobs=(job,)),
        verify(EndName.FLAT, {"ok": done(EndName.FLAT)}, visits=1),
    )
    return program(phases, (leg("a", Side.BUY, **venue),), Intent.UNWIND, limits=LIMITS, recover=1)


def idle_after_a_part() -> Program:
    """Whatever the quote has filled, it is called idle."""
    then = dict.fromkeys(("filled", "partial", "none", "rejected"), done(EndName.IDLE))
    quote = phase("quote", PhaseKind.REST, then, jobs=(rest_job(0, pg.SizeKind.CLIP),), for_ns=5 * S)
    return program((quote,), (leg("a", Side.BUY),), Intent.SINGLE, limits=LIMITS)


def called() -> Program:
    """A close that runs an unwind; nothing in the text says that orders only reduce."""
    return program_of(OUTER, inner=INNER)


def called_further() -> Program:
    """An unwind that may pay more than the close that runs it."""
    outer = OUTER.replace("max_concession: 20bps", "max_concession: 5bps")
    return program_of(outer, inner=INNER.replace("[5bps]", "[10bps]"))


def scenario(name: str) -> tuple[Any, ...]:
    """A shipped scenario, as its test wants it."""
    return (next(path for path in PATHS if path.stem == name),)
