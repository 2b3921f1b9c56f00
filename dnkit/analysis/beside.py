"""Two legs that work side by side: what one does while the other goes on is the engine's answer once, and the
same answer wherever the first stands like that and the other is in the same situation.

The other leg counts by all the engine asks of it while both work: its position, whether its job is settled
and has sent, how the phase's clock stands. One reuse in so many is made by the engine again and compared.
"""

from collections.abc import Callable, Iterable, Iterator

import msgspec
from msgspec.structs import replace

from dnkit.analysis.hop import Hop, Node
from dnkit.analysis.move import Here, Move
from dnkit.analysis.moves import LegMoves, moved_to
from dnkit.analysis.time_moves import job_timers
from dnkit.analysis.world import LegWorld, World, with_leg
from dnkit.engine.state import Job, Leg, Stage, State
from dnkit.model.errors import BugError

CHECK_EVERY = 97
Follow = Callable[[Node, Move, int], Iterator[Hop]]


class Local(msgspec.Struct, frozen=True):
    """A hop that touches one leg only: what the leg, its venue's side and its job become."""

    hop: Hop
    leg: Leg
    side: LegWorld
    job: Job


class SideBySide:
    """The hops of one leg beside another, as far as they were met. Keyed by identity: the graph keeps one
    object of equal legs and sides alive.
    """

    def __init__(self, known: LegMoves, follow: Follow) -> None:
        self._moves = known
        self._follow = follow
        self._known: dict[object, tuple[tuple[Local, ...], tuple[Move, ...]]] = {}
        self._reused = 0

    def hops(self, here: Here, left: int) -> Iterator[Hop]:
        """All hops that begin with an order of that leg, or with its job's clock."""
        slot = next(n for n, job in enumerate(here.state.jobs) if job.leg == here.index)
        key = _key(here, slot, left)
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._sorted(here, slot, left)
        else:
            self._check(here, slot, left, found[0])
        for local in found[0]:
            yield replace(local.hop, node=_beside(here, slot, local))
        node = (here.state, here.world)
        for move in found[1]:
            yield from self._follow(node, moved_to(here, move), left)
        for move in job_timers(here):
            yield from self._follow(node, move, left)

    def _sorted(self, here: Here, slot: int, left: int) -> tuple[tuple[Local, ...], tuple[Move, ...]]:
        """The leg's moves: those that stay its own, with their hops, and the others."""
        own: list[Local] = []
        others: list[Move] = []
        for move in self._moves.of(here):
            if not left and move.faults:
                continue
            hops = list(self._follow((here.state, here.world), moved_to(here, move), left))
            if all(_is_local(here, slot, hop) for hop in hops):
                own += [_local(here, slot, hop) for hop in hops]
            else:
                others.append(move)
        return tuple(own), tuple(others)

    def _check(self, here: Here, slot: int, left: int, own: Iterable[Local]) -> None:
        self._reused += 1
        if self._reused % CHECK_EVERY:
            return
        again, _ = self._sorted(here, slot, left)
        if [(one.leg, one.side, one.job) for one in again] != [(one.leg, one.side, one.job) for one in own]:
            raise BugError("a leg moves differently beside another than the exploration takes it to")


def works_beside(node: Node) -> bool:
    """Whether two legs work in one phase, each with an order or a settled job, and no book is asked for."""
    state, world = node
    if state.stage is not Stage.PHASE or len(state.jobs) != 2 or state.jobs[0].leg == state.jobs[1].leg:
        return False
    return not any(side.quests for side in world.legs)


def _key(here: Here, slot: int, left: int) -> object:
    state, other = here.state, here.state.jobs[1 - slot]
    beside = state.legs[other.leg]
    return (
        state.phase,
        here.index,
        id(here.leg),
        id(here.side),
        state.jobs[slot],
        beside.position,
        beside.least,
        other.stage,
        other.sent > 0,
        state.timer_ns,
        state.naked_ns > 0,
        here.is_down,
        left,
    )


def _is_local(here: Here, slot: int, hop: Hop) -> bool:
    if hop.node is None:
        return False
    state, world = hop.node
    other = 1 - here.index
    if state.legs[other] != here.state.legs[other] or world.legs[other] != here.world.legs[other]:
        return False
    if len(state.jobs) != 2 or state.jobs[1 - slot] != here.state.jobs[1 - slot]:
        return False
    same = replace(state, legs=here.state.legs, jobs=here.state.jobs) == here.state
    return same and world.down == here.world.down


def _local(here: Here, slot: int, hop: Hop) -> Local:
    assert hop.node is not None
    state, world = hop.node
    return Local(hop, state.legs[here.index], world.legs[here.index], state.jobs[slot])


def _beside(here: Here, slot: int, local: Local) -> tuple[State, World]:
    """The node after a local hop."""
    state, index = here.state, here.index
    legs = (*state.legs[:index], local.leg, *state.legs[index + 1 :])
    jobs = (*state.jobs[:slot], local.job, *state.jobs[slot + 1 :])
    return replace(state, legs=legs, jobs=jobs), with_leg(here.world, index, local.side)
