"""Two legs that work side by side: what one does while the other goes on is the engine's answer once, and the
same answer wherever the first stands like that and the other is in the same situation.

The other leg counts by all the engine asks of it while both work: its position, what it started with and
cost, whether its job is settled and has sent, how the phase's clock stands. One reuse in so many is made by
the engine again and compared.
"""

from collections.abc import Iterator

import msgspec
from msgspec.structs import replace

from dnkit.analysis.doubt import Doubts, doubtful, moved_after
from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Hop, Node, hop_of, joined, patient
from dnkit.analysis.move import Here, Move, fallen
from dnkit.analysis.moves import LegMoves, affordable, moved_to
from dnkit.analysis.proof import NONE
from dnkit.analysis.read_moves import quests
from dnkit.analysis.recall import CHECK_EVERY, Kept, Recall
from dnkit.analysis.time_moves import job_timers
from dnkit.analysis.world import LegWorld, World, with_leg
from dnkit.engine.state import Job, Leg, Stage, State
from dnkit.model.errors import BugError

FEW = 4  # a book that is there, refused, missing, or on a venue that goes down


class Local(msgspec.Struct, frozen=True):
    """A hop that touches one leg only: what the leg, its venue's side and its job become, and whether its
    venue goes `down`.
    """

    hop: Hop
    leg: Leg
    side: LegWorld
    job: Job
    down: bool


class Shared(msgspec.Struct, frozen=True):
    """A move of one leg that touches more than the leg; `before` is what led up to it inside the leg (None:
    nothing did).
    """

    move: Move
    before: Hop | None = None

    @property
    def faults(self) -> int:
        """What it costs with all that led up to it."""
        return self.move.faults + (0 if self.before is None else self.before.faults)


Course = tuple[Hop, Shared]  # what becomes of the leg, and the last move of it
Found = tuple[int, tuple[Local, ...], tuple[Shared, ...]]  # within so many faults


class SideBySide:
    """The hops of one leg beside another, as far as they were met. Keyed by identity: the graph keeps one
    object of equal legs and sides alive.
    """

    def __init__(self, ground: Ground, known: LegMoves, doubts: Doubts, recall: Recall) -> None:
        self._ground = ground
        self._moves = known
        self._doubts = doubts
        self._recall = recall
        self._known: dict[object, Found] = {}
        self._reused = 0

    def hops(self, here: Here, left: int) -> Iterator[Hop]:
        """All hops that begin with an order of that leg, or with its job's clock."""
        yield from self._reuse(here, left, in_doubt=False)
        node = (here.state, here.world)
        for move in job_timers(here):
            hop = hop_of(self._ground, node, move)
            if hop is not None:
                yield from self._doubts.through(hop, here.index, left)

    def ways_out(self, here: Here, left: int) -> Iterator[Hop]:
        """All that may become of the leg, which is in doubt."""
        yield from self._reuse(here, left, in_doubt=True)

    def _reuse(self, here: Here, left: int, *, in_doubt: bool) -> Iterator[Hop]:
        slot = next(n for n, job in enumerate(here.state.jobs) if job.leg == here.index)
        key = _key(here, slot)
        found = self._known.get(key)
        if found is None or found[0] < left:
            fewer, own, shares = found or (NONE, (), ())
            more, others = self._sorted(here, slot, left, in_doubt=in_doubt)
            own = (*own, *(one for one in more if one.hop.faults > fewer))
            found = self._known[key] = left, own, (*shares, *(one for one in others if one.faults > fewer))
        else:
            self._check(here, slot, found, in_doubt=in_doubt)
        for local in found[1]:
            if local.hop.faults <= left:
                yield replace(local.hop, node=_beside(here, slot, local))
        kept = self._recall.at((here.state, here.world), left)
        for number, shared in enumerate(found[2]):
            if shared.faults <= left:
                yield from self._again(here, shared, left, kept, (here.index, number), in_doubt=in_doubt)

    def _again(
        self, here: Here, shared: Shared, left: int, kept: Kept, name: object, *, in_doubt: bool
    ) -> Iterator[Hop]:
        """A move that touches more than its leg, made by the engine from the state at hand."""
        move = moved_after(here, shared.before, shared.move)
        hop = self._recall.hop(kept, name, (here.state, here.world), move)
        if hop is not None and shared.before is not None:
            yield joined(shared.before, hop)
        elif hop is not None and in_doubt:
            yield hop
        elif hop is not None:
            yield from self._doubts.through(hop, here.index, left)

    def _sorted(
        self, here: Here, slot: int, left: int, *, in_doubt: bool
    ) -> tuple[tuple[Local, ...], tuple[Shared, ...]]:
        """What may come of the leg: what stays its own, with the hops, and what touches more."""
        own: list[Local] = []
        shared: list[Shared] = []
        courses = self._from_doubt(here, slot, None, left) if in_doubt else self._courses(here, slot, left)
        for hop, last in courses:
            if _is_local(here, slot, hop):
                own.append(_local(here, slot, hop))
            else:
                shared.append(last)
        return tuple(own), tuple(shared)

    def _courses(self, here: Here, slot: int, left: int) -> Iterator[Course]:
        """What comes of each move, and the last move of each."""
        for move in affordable(self._moves.of(here), left):
            hop = hop_of(self._ground, (here.state, here.world), moved_to(here, move))
            if hop is not None:
                yield from self._onward(here, slot, hop, Shared(move), left)

    def _onward(self, here: Here, slot: int, hop: Hop, last: Shared, left: int) -> Iterator[Course]:
        """The hop; where it leaves the leg by itself in doubt, or waiting for its book, what comes of it."""
        if hop.node is None or not _is_local(here, slot, hop):
            yield hop, last
        elif doubtful(hop.node) == (here.index,):
            yield from self._from_doubt(here, slot, hop, left)
        elif hop.node[1].legs[here.index].quests:
            yield from self._from_book(here, slot, hop, last, left)
        else:
            yield hop, last

    def _from_doubt(self, here: Here, slot: int, first: Hop | None, left: int) -> Iterator[Course]:
        """The ways out of the doubt that the leg is in, or that the first hop led it into."""
        node = (here.state, here.world) if first is None or first.node is None else first.node
        there, spent = Here(self._ground, *node, here.index), 0 if first is None else first.faults
        for way in self._doubts.ways(here.index, node, left - spent):
            before = joined_all(first, way.before)
            last = hop_of(self._ground, node, moved_after(there, before, way.move))
            if last is not None:
                whole = last if before is None else joined(before, last)
                yield from self._onward(here, slot, whole, Shared(way.move, before), left)

    def _from_book(self, here: Here, slot: int, first: Hop, last: Shared, left: int) -> Iterator[Course]:
        """What the book may hold that the leg waits for after the first hop. Where that is much, or touches
        more than the leg, the book is read from a state of its own: both legs' clocks meet only then.
        """
        assert first.node is not None, "a hop that the engine refused leads nowhere"
        there = Here(self._ground, *first.node, here.index)
        answers = tuple(quests(there))
        found = [hop_of(self._ground, first.node, move) for move in answers]
        hops = [patient(self._ground, hop) for hop in found if hop is not None]
        if len(answers) > FEW or not all(_is_local(here, slot, hop) for hop in hops):
            yield first, last
            return
        for hop in hops:
            if hop.faults <= left - first.faults:
                yield from self._onward(here, slot, joined(first, hop), last, left)

    def _check(self, here: Here, slot: int, found: Found, *, in_doubt: bool) -> None:
        self._reused += 1
        if self._reused % CHECK_EVERY:
            return
        again, _ = self._sorted(here, slot, found[0], in_doubt=in_doubt)
        if {(one.leg, one.side, one.job) for one in again} != {
            (one.leg, one.side, one.job) for one in found[1]
        }:
            raise BugError("a leg moves differently beside another than the exploration takes it to")


def joined_all(first: Hop | None, second: Hop | None) -> Hop | None:
    """Two hops as one, where there are two."""
    if first is None or second is None:
        return first or second
    return joined(first, second)


def works_beside(node: Node) -> bool:
    """Whether two legs work in one phase, each with an order or a settled job, and no book is asked for."""
    state, world = node
    if state.stage is not Stage.PHASE or len(state.jobs) != 2 or state.jobs[0].leg == state.jobs[1].leg:
        return False
    return not any(side.quests for side in world.legs)


def _key(here: Here, slot: int) -> object:
    state, other = here.state, here.state.jobs[1 - slot]
    beside = state.legs[other.leg]
    return (
        state.phase,
        here.index,
        id(here.leg),
        id(here.side),
        state.jobs[slot],
        beside.position,
        beside.start,
        beside.entry,
        beside.least,
        beside.bid,
        other.stage,
        other.sent > 0,
        state.timer_ns,
        state.naked_ns > 0,
        state.leave_hedged,
        here.is_down,
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
    return replace(state, legs=here.state.legs, jobs=here.state.jobs) == here.state


def _local(here: Here, slot: int, hop: Hop) -> Local:
    assert hop.node is not None, "a hop that the engine refused leads nowhere"
    state, world = hop.node
    down = world.down != here.world.down
    return Local(hop, state.legs[here.index], world.legs[here.index], state.jobs[slot], down)


def _beside(here: Here, slot: int, local: Local) -> tuple[State, World]:
    """The node after a local hop."""
    state, index = here.state, here.index
    legs = (*state.legs[:index], local.leg, *state.legs[index + 1 :])
    jobs = (*state.jobs[:slot], local.job, *state.jobs[slot + 1 :])
    world = fallen(here.ground, here.world, index) if local.down else here.world
    return replace(state, legs=legs, jobs=jobs), with_leg(world, index, local.side)
