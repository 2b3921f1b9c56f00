"""One program, proved: explore all it can get into, watch every step, read the bounds off the graph."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from dnkit import __version__
from dnkit.analysis.bounds import bounds_of, limits_kept, measure
from dnkit.analysis.case import Case
from dnkit.analysis.courses import endless, never_entered, trapped
from dnkit.analysis.deadlines import add_late
from dnkit.analysis.explore import Graph, Told
from dnkit.analysis.frontier import frontier, promised
from dnkit.analysis.ground import lay_ground
from dnkit.analysis.network import Network
from dnkit.analysis.proof import NONE, Bounds, Promise, Proof, Setting, Standing, TooMany, Verdict
from dnkit.analysis.properties import PROPERTIES, SAFETY
from dnkit.analysis.story import story_of
from dnkit.analysis.watch import Watch
from dnkit.machine.program import Program

NAMES = {one.id: one for one in PROPERTIES}


def prove(program: Program, setting: Setting, *, told: Told | None = None) -> Proof:
    """All that can be said of a program under a setting. `told(states, moves)` is called now and then.

    Never raises for what the program does; KeyboardInterrupt passes.
    """
    graph = Graph(lay_ground(program, setting))
    watch = Watch(graph)
    with _without_gc():
        network = _walk(graph, watch, told)
        complete = network is not None
        safety = tuple(_safety(graph, watch, complete=complete))
        cases, bounds, promises = ((), (), ()) if network is None else _read(network)
    tolerance = min((one.faults for one in watch.found.values()), default=setting.faults + 1) - 1
    verdicts = (
        *safety,
        *(_told(graph, one) for one in cases if one.verdict.id not in watch.found),
        *_summed(setting, tolerance, complete=complete),
    )
    return Proof(
        policy=program.name,
        digest=program.digest,
        engine=__version__,
        setting=setting,
        complete=complete,
        states=len(graph.nodes),
        moves=len(graph.target),
        verdicts=tuple(sorted(verdicts, key=lambda one: one.id)),
        bounds=bounds,
        frontier=promises,
        tolerance=tolerance,
    )


def explored(program: Program, setting: Setting, told: Told | None = None) -> Network:
    """The graph of a program, walked to its end and laid out; TooMany above the limit of states."""
    graph = Graph(lay_ground(program, setting))
    with _without_gc():
        graph.seed()
        graph.run(told=told)
        return add_late(graph, told=told)


@contextmanager
def _without_gc() -> Iterator[None]:
    """Millions of values that stay are no garbage: looking through them again and again takes a third of the
    time.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _walk(graph: Graph, watch: Watch, told: Told | None) -> Network | None:
    """The graph laid out, None where it could not be walked to its end."""
    try:
        graph.seed()
        graph.run(watch.see, told)
        return add_late(graph, watch.see, told)
    except TooMany:
        return None


def _safety(graph: Graph, watch: Watch, *, complete: bool) -> Iterator[Verdict]:
    """What was watched at every state and step."""
    for id in (*SAFETY, *(watch.found.keys() - SAFETY)):
        broken = watch.found.get(id)
        if broken is None:
            standing = Standing.HOLDS if complete else Standing.OPEN
            yield Verdict(id=id, standing=standing, text=NAMES[id].says)
        else:
            story = story_of(graph, broken.index, number=broken.number)
            yield Verdict(id=id, standing=Standing.BROKEN, text=broken.text, story=story)


def _read(network: Network) -> tuple[tuple[Case, ...], tuple[Bounds, ...], tuple[Promise, ...]]:
    """What the whole graph says: whether every run ends, and if so, within what."""
    ends = endless(network)
    if network.cycle:
        return (ends,), (), ()
    found = measure(network)
    bounds, promises = bounds_of(found), frontier(network)
    kept = limits_kept(found, bounds)
    cases = (ends, *kept, promised(promises), trapped(network), never_entered(network.graph))
    return cases, bounds, promises


def _told(graph: Graph, one: Case) -> Verdict:
    """The verdict with the story of the state that shows it."""
    if one.at == NONE:
        return one.verdict
    return replace(one.verdict, story=story_of(graph, one.at, trail=one.trail))


def _summed(setting: Setting, tolerance: int, *, complete: bool) -> Iterator[Verdict]:
    """P18 and P19: how many faults safety bears, and whether crashes are among them."""
    bears = Standing.HOLDS if tolerance >= setting.faults else Standing.BROKEN
    standing = Standing.OPEN if bears is Standing.HOLDS and not complete else bears
    if tolerance < 0:
        text = "safety is broken without a fault"
    else:
        text = f"every safety property holds with {tolerance} faults"
    yield Verdict(id="P18", standing=standing, text=f"{text}, as far as was looked")
    if setting.crashes:
        yield Verdict(id="P19", standing=standing, text=f"{text}, crashes among them")
