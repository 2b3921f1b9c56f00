"""The way to an explored state in plain words: what happened, and what the engine asked for in answer.

Orders have the numbers a run would give them; the explorer counts them anew at every state.
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from msgspec.structs import replace

from dnkit.analysis.explore import Graph
from dnkit.analysis.ground import Ground
from dnkit.analysis.hop import Node
from dnkit.analysis.move import Kind
from dnkit.analysis.proof import Scene, Story
from dnkit.analysis.told import Telling, beginning_words, open_words
from dnkit.analysis.way import Step, Way, known_orders, move_name, way_along, way_to, ways_named
from dnkit.analysis.world import obey
from dnkit.engine.state import Stage, State
from dnkit.engine.step import step
from dnkit.machine.program import Program
from dnkit.model import commands as cm

STAGES = {
    Stage.START: "(start)",
    Stage.LEAVE: "(leaving)",
    Stage.SWEEP: "(last sweep)",
    Stage.HALT: "(halting)",
    Stage.END: "(end)",
}
ASKED = "-> "
WALKS_MAX = 1_000  # ways of one name
Orders = tuple[tuple[int, ...], ...]  # by leg, the run's numbers of the orders that still count


def story_of(
    graph: Graph, index: int, *, number: int | None = None, trail: Sequence[tuple[int, int]] = ()
) -> Story:
    """The story of the way to a state; with `number` to where that hop of it leads, with `trail` along those
    edges (as in `way_along`) instead of the shortest way.
    """
    return tell(graph.ground, way_along(graph, trail) if trail else way_to(graph, index, number))


def tell(ground: Ground, way: Way) -> Story:
    """The story of a way. What says nothing, such as a book that was read, has no scene."""
    return Story(
        faults=sum(one.move.kind is not Kind.FREE for one in way.steps),
        scenes=tuple(_joined(_scenes(ground, way))),
        moves=tuple(move_name(ground, one.move) for one in way.steps),
    )


def walk_again(ground: Ground, story: Story) -> Way | None:
    """The way that a story tells of; None where it is of another ground, or of another explorer."""
    for start in range(len(ground.starts)):
        for way in islice(ways_named(ground, start, story.moves), WALKS_MAX):
            if tell(ground, way) == story:
                return way
    return None


def _scenes(ground: Ground, way: Way) -> Iterator[Scene]:
    program, placed = ground.program, dict[tuple[int, int], cm.PlaceOrder]()
    numbers: Orders = ((),) * len(program.legs)
    counts = [0] * len(program.legs)
    yield Scene(beginning_words(ground, ground.starts[way.start]), STAGES[Stage.START], 0)
    for one in way.steps:
        before, numbers = numbers, _numbered(ground, one, numbers, counts)
        for command in one.asked:
            if isinstance(command, cm.PlaceOrder):
                counts[command.leg] += 1
                placed[command.leg, counts[command.leg]] = command
        yield from _scenes_of(program, Telling(ground, one, before, placed))
    last = way.steps[-1].after if way.steps else None
    if last is not None and last[0].stage is Stage.END:
        yield from _aftermath(ground, last)


def _numbered(ground: Ground, one: Step, numbers: Orders, counts: Sequence[int]) -> Orders:
    """The run's numbers after a step: those before it by rank, then those it placed."""
    state, world = one.move.state, one.move.world
    if one.after is None:
        return numbers
    if one.move.event is not None:
        state, _ = step(ground.program, state, one.move.event)
        world = obey(ground, world, one.asked)
    return tuple(
        tuple(had[n - 1] if n <= len(had) else count + n - len(had) for n in known_orders(leg, side))
        for leg, side, had, count in zip(state.legs, world.legs, numbers, counts, strict=True)
    )


def _scenes_of(program: Program, telling: Telling) -> Iterator[Scene]:
    """What happened, then what was asked for; nothing where neither tells anything."""
    one = telling.step
    fault = one.move.kind is not Kind.FREE
    happened, asked = telling.happened(), telling.asked()
    before = _place(program, one.before[0])
    after = before if one.after is None else _place(program, one.after[0])
    if happened or fault:
        yield Scene(happened or one.move.what, *before, fault)
    if asked:
        yield Scene(f"{ASKED}{asked}", *after)


def _joined(scenes: Iterator[Scene]) -> Iterator[Scene]:
    """What happened and the next request in one scene, where nothing was told in between."""
    held = next(scenes)
    for one in scenes:
        answers = one.text.startswith(ASKED) and ASKED not in held.text
        if answers and (one.phase, one.line) == (held.phase, held.line):
            held = replace(held, text=f"{held.text} {one.text}")
        else:
            yield held
            held = one
    yield held


def _aftermath(ground: Ground, node: Node) -> Iterator[Scene]:
    """What the venues hold at last, where that is not what the ledger says."""
    words = open_words(ground, node)
    if words:
        yield Scene(words, *_place(ground.program, node[0]))


def _place(program: Program, state: State) -> tuple[str, int]:
    """Where a run stands, and its line in the policy."""
    if state.stage is Stage.PHASE:
        phase = program.phases[state.phase]
        return phase.name, phase.line
    return STAGES[state.stage], 0
