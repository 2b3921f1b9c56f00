"""The engine with one safety step taken out, and an exploration that may stop at what is broken.

A variant is a tuple of changes (where, name, what instead); `without` makes them for as long as a test needs
them. Late fills are still counted in all of them: only the step itself is missing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from msgspec.structs import replace

from dnkit.analysis import canon, explore, read_moves
from dnkit.analysis.explore import Graph
from dnkit.analysis.ground import lay_ground
from dnkit.analysis.hop import Hop
from dnkit.analysis.move import Here
from dnkit.analysis.proof import Setting
from dnkit.analysis.watch import Watch
from dnkit.analysis.way import Step, way_to
from dnkit.analysis.world import Fate, LegWorld
from dnkit.engine import ends, orders, phases, placing, verify
from dnkit.engine.exposure import is_flat, is_hedged
from dnkit.engine.ledger import retire
from dnkit.engine.orders import withdraw
from dnkit.engine.state import SETTLED, Answer, JobStage, Leg
from dnkit.engine.turn import Turn
from dnkit.machine.orders import TABLE, Life, Move, News
from dnkit.machine.program import Outcome, Program, Target
from dnkit.model.terms import EndName

Change = tuple[object, str, Any]
Variant = tuple[Change, ...]


def small(**values: Any) -> Setting:
    """A setting without what the tests of a step do not need."""
    return Setting(**{"chunks": 2, "faults": 0, "dust": False, "crashes": False, "stops": False, **values})


class Enough(Exception):
    """What was looked for is found, and nothing shorter can come any more."""


def watched(
    program: Program, setting: Setting, until: tuple[str, ...] = (), made: type[Watch] = Watch
) -> tuple[Graph, Watch]:
    """Explore and watch. With `until` no further than it takes to know where those properties break first:
    states are come upon in the order of faults and moves.
    """
    graph = Graph(lay_ground(program, setting))
    watch = made(graph)

    def see(index: int, hop: Hop) -> None:
        here, found = (graph.faults[index], graph.depth[index]), watch.found
        if until and all(id in found and (found[id].faults, found[id].depth) <= here for id in until):
            raise Enough
        watch.see(index, hop)

    graph.seed()
    with suppress(Enough):
        graph.run(see=see)
    return graph, watch


def story(graph: Graph, watch: Watch, id: str) -> tuple[Step, ...]:
    """The moves that lead to where a property breaks first."""
    found = watch.found[id]
    steps = way_to(graph, found.index, found.number).steps
    assert len(steps) == found.depth, "the way is as long as it was said to be"
    return steps


@contextmanager
def without(*variants: Variant) -> Iterator[None]:
    """The engine as those variants make it, and the explorer without what holds only for the whole engine."""
    with pytest.MonkeyPatch.context() as patch:
        for variant in (*variants, EXPLORER) if variants else ():
            for where, name, instead in variant:
                patch.setattr(where, name, instead)
        yield


# --- the explorer -----------------------------------------------------------------------------------


def _settled_positions() -> Callable[..., Iterator[LegWorld]]:
    """A true position settles for good how much of an order that is over had filled. The whole engine never
    leaves such an order behind.
    """
    real = read_moves._settled_positions

    def settled(here: Here, side: LegWorld) -> Iterator[LegWorld]:
        for seen in real(here, side):
            orders = (replace(one, lots=one.low) if one.fate is Fate.SHUT else one for one in seen.orders)
            yield replace(seen, orders=tuple(orders))

    return settled


EXPLORER: Variant = (
    (explore, "works_beside", lambda _node: False),  # two legs that do not hear of each other
    (read_moves, "_settled_positions", _settled_positions()),
)


# --- cancels ----------------------------------------------------------------------------------------


def _let_go(turn: Turn, slot: int, end: Callable[[Turn, int], None]) -> None:
    """End a job and forget its order, once that is known to work."""
    job = turn.state.jobs[slot]
    order = turn.legs[job.leg].order
    if job.stage is JobStage.ORDER and order is not None:
        if order.life is not Life.WORKING:
            return
        end(turn, job.leg)
        turn.set_leg(job.leg, retire(turn.legs[job.leg]))
    if job.stage < SETTLED:
        turn.update_job(slot, stage=JobStage.SPENT)


def _leave_working(turn: Turn, slot: int) -> None:
    _let_go(turn, slot, lambda _turn, _index: None)


def _cancel_and_forget(turn: Turn, slot: int) -> None:
    _let_go(turn, slot, withdraw)


NO_CANCEL: Variant = ((phases, "stop_job", _leave_working),)
CANCEL_IGNORED: Variant = ((phases, "stop_job", _cancel_and_forget),)

# --- doubt ------------------------------------------------------------------------------------------

SILENT = (News.ANSWER_LOST, News.OVERDUE)


def _zero_for_unknown() -> tuple[tuple[Move, ...], ...]:
    """The life of an order whose placement was not answered ends with nothing filled."""
    rows = [list(row) for row in TABLE]
    for life in (Life.SENT, Life.WORKING):
        for news in SILENT:
            rows[life][news] = Move(Life.OVER)
    return tuple(tuple(row) for row in rows)


UNKNOWN_IS_ZERO: Variant = ((orders, "TABLE", _zero_for_unknown()),)

# --- flags ------------------------------------------------------------------------------------------

NO_REDUCE_ONLY: Variant = ((placing, "has_flag", lambda *_: False),)

# --- witnesses --------------------------------------------------------------------------------------


def _matches(turn: Turn, goal: EndName, indexes: tuple[int, ...]) -> bool:
    """Whether the venue's reads alone say that the goal is met."""
    legs = [replace(leg, position=leg.witness or 0) for leg in turn.legs]
    if any(turn.legs[index].answer is not Answer.GOOD for index in indexes):
        return False
    if goal is EndName.FLAT:
        return all(is_flat(legs[index]) for index in indexes)
    return goal is EndName.HEDGED and is_hedged(turn.program, legs)


def _believed(turn: Turn, indexes: tuple[int, ...]) -> Outcome:
    """Put the reads in the place of the ledger."""
    for index in indexes:
        leg = turn.legs[index]
        if leg.witness is not None:
            moved = leg.witness - leg.position
            turn.update_leg(index, position=leg.witness, settled=leg.settled + moved, doubt=0)
    return Outcome.OK


def _verify_by(reads: int) -> Callable[[Turn], Outcome | None]:
    """The check that takes so many matching reads for the truth, whatever was filled."""
    real, again = verify.advance, 2

    def advance(turn: Turn) -> Outcome | None:
        indexes = turn.scope.legs
        if any(turn.legs[index].answer is Answer.ASKED for index in indexes):
            return real(turn)
        if not _matches(turn, turn.phase.goal, indexes):
            if turn.state.step == again:
                turn.update(step=0)
            return real(turn)
        if reads == 1 or turn.state.step == again:
            return _believed(turn, indexes)
        turn.update(step=again)
        verify.ask(turn, indexes)
        return None

    return advance


def _remembering() -> Callable[..., Leg]:
    """The explorer forgets reads that the engine does not look at; this engine does."""
    real = canon._leg

    def plain(ground: Any, index: int, leg: Leg, *rest: Any) -> Leg:
        return replace(real(ground, index, leg, *rest), witness=leg.witness)

    return plain


ONE_READ: Variant = ((verify, "advance", _verify_by(1)), (canon, "_leg", _remembering()))
TWO_READS: Variant = ((verify, "advance", _verify_by(2)), (canon, "_leg", _remembering()))

# --- the end ----------------------------------------------------------------------------------------


def _no_sweep(turn: Turn) -> None:
    for index in range(len(turn.legs)):
        turn.update_leg(index, answer=Answer.GOOD, found=0)
    turn.went_on = True


NO_SWEEP: Variant = ((ends, "_sweep_all", _no_sweep),)


def _said_so(turn: Turn, target: Target) -> None:
    ends.finish(turn, target.end, ends.risk_of(turn), target.text)


NO_LAST_LOOK: Variant = ((ends, "begin_sweep", _said_so),)
