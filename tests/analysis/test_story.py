"""Stories of explored states, in words and as runs in real time that a scenario plays again."""

import re
from functools import cache

import pytest

from dnkit.analysis.bounds import bounds_of, measure
from dnkit.analysis.concrete import Concrete, Hitch, make_concrete
from dnkit.analysis.explore import Graph
from dnkit.analysis.move import CALL_NS, SILENCE_NS
from dnkit.analysis.network import lay_out
from dnkit.analysis.proof import Story
from dnkit.analysis.story import story_of, tell, walk_again
from dnkit.analysis.way import Step, Way, way_along, way_to
from dnkit.engine.state import Stage
from dnkit.engine.step import begin, step
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.terms import EndName, Risk
from dnkit.sim.judge import judge
from dnkit.sim.read import read_scenario
from dnkit.sim.record import scenario_of
from dnkit.sim.run import Ran, run
from dnkit.sim.scenario import PolicyRef
from tests.analysis.graphs import shipped, walked
from tests.analysis.variants import ONE_READ, UNKNOWN_IS_ZERO, small, watched, without

EVERY = {"emergency_unwind": 1, "flatten": 1, "open_post_only_hedge": 20}  # every n-th end is looked at
ENDS = tuple(EVERY)
PLACED = re.compile(r"(?:->|;) leg (\w+): [\w-]+ (?:buy|sell) [^;]*? \(order (\d+)\)")


@cache
def graph(name: str) -> Graph:
    return walked(shipped(name), faults=1)


@cache
def ends(name: str) -> tuple[int, ...]:
    found = [index for index, (state, _) in enumerate(graph(name).nodes) if state.stage is Stage.END]
    return tuple(found[:: EVERY[name]])


@cache
def way(name: str, index: int) -> Way:
    return way_to(graph(name), index)


@cache
def story(name: str, index: int) -> Story:
    return tell(graph(name).ground, way(name, index))


@cache
def concrete(name: str, index: int) -> Concrete | Hitch:
    return make_concrete(graph(name).ground, way(name, index))


def made(name: str, index: int) -> Concrete:
    found = concrete(name, index)
    assert isinstance(found, Concrete), found
    return found


def played(of: Graph, found: Concrete) -> Ran:
    """The run as a scenario that was written, read and played."""
    program = of.ground.program
    text = scenario_of(PolicyRef(name="any"), program, found.starts, found.log, name="told", about="a story")
    scenario = read_scenario(text, "told", lambda _: program).scenario
    assert scenario is not None
    return run(scenario)


def nearest(of: Graph, end: EndName, risk: Risk) -> int:
    """The nearest end of that name with that risk."""
    found = [
        index
        for index, (state, _) in enumerate(of.nodes)
        if state.ended is not None and (state.ended.end, state.ended.risk) == (end, risk)
    ]
    return min(found, key=lambda index: (of.faults[index], of.depth[index]))


# --- in words -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENDS)
def test_every_end_can_be_told(name: str) -> None:
    for index in ends(name):
        told_so, ended = story(name, index), graph(name).nodes[index][0].ended
        assert ended is not None
        assert told_so.faults == graph(name).faults[index]
        assert sum(scene.fault for scene in told_so.scenes) == told_so.faults
        told = [scene.text for scene in told_so.scenes if "the run ends" in scene.text]
        assert len(told) == 1
        assert f"the run ends {ended.end.value}" in told[0]
        assert ended.end is not EndName.HALTED or f"({ended.risk.value})" in told[0]
        assert len(told_so.moves) == len(way(name, index).steps)
        assert all(scene.text and scene.phase for scene in told_so.scenes)


@pytest.mark.parametrize("name", ENDS)
def test_a_story_can_be_walked_again(name: str) -> None:
    for index in ends(name)[::5]:
        again = walk_again(graph(name).ground, story(name, index))
        assert again is not None
        assert again.steps[-1].after == graph(name).nodes[index]
    foreign = story("emergency_unwind", ends("emergency_unwind")[-1])
    assert walk_again(graph("flatten").ground, foreign) is None


def test_an_unwind_that_nobody_fills_reads_like_this() -> None:
    of = graph("emergency_unwind")
    told = story_of(of, nearest(of, EndName.HALTED, Risk.UNHEDGED))
    texts = [(scene.phase, scene.text) for scene in told.scenes]
    assert texts[:5] == [
        ("(start)", "begins with 3.2 SOL on leg a"),
        ("maker", "-> leg a: post-only sell 3.2 SOL (order 1)"),
        ("maker", "leg a: order 1 is refused: it would take"),
        ("ladder", "-> leg a: IOC sell 3.2 SOL, 4.517 bps through the touch (order 2)"),
        (
            "ladder",
            "leg a: order 2 fills nothing -> leg a: IOC sell 3.2 SOL, 9.678 bps through the touch (order 3)",
        ),
    ]
    assert texts[-1][0] == "(end)"
    assert texts[-1][1].startswith("-> the run ends halted (unhedged): ")
    assert any(text.startswith("-> halt, and tell a human: ") for _, text in texts)
    source = graph("emergency_unwind").ground.program.phases
    lines = {phase.name: phase.line for phase in source}
    assert all(scene.line == lines.get(scene.phase, 0) for scene in told.scenes)


def test_what_nobody_hears_is_told() -> None:
    every = range(len(graph("emergency_unwind").nodes))
    scenes = [scene for index in every for scene in story("emergency_unwind", index).scenes]
    faults = {scene.text.split(" -> ")[0] for scene in scenes if scene.fault}
    assert any("is lost; it never got there" in text for text in faults)
    assert any("is lost; any part of it may be filled" in text for text in faults)
    assert any("the process dies and comes back" in text for text in faults)
    assert any(text.endswith("stays down") for text in faults)


@pytest.mark.parametrize("name", ENDS)
def test_orders_have_the_numbers_of_the_run(name: str) -> None:
    for index in ends(name):
        legs = graph(name).ground.program.legs
        sent = [one for _, asked in made(name, index).log for one in asked if isinstance(one, cm.PlaceOrder)]
        expected = sorted((legs[one.leg].name, one.order) for one in sent)
        texts = " ".join(scene.text for scene in story(name, index).scenes)
        assert sorted((leg, int(number)) for leg, number in PLACED.findall(texts)) == expected


def test_a_false_end_tells_what_the_venue_holds() -> None:
    with without(ONE_READ):
        of, watch = watched(shipped("emergency_unwind"), small(faults=1), ("P03",))
        broken = watch.found["P03"]
        told = story_of(of, broken.index, number=broken.number)
    assert "flat" in told.scenes[-2].text
    assert told.scenes[-1].text == "the venue of leg a holds 1.6 SOL, the ledger says 0 SOL"


def test_the_way_along_edges_is_the_way() -> None:
    of = graph("flatten")
    target = ends("flatten")[-1]
    trail, index = [], target
    while of.parent[index][0] >= 0:
        source = of.parent[index][0]
        edges = range(of.first[source], of.last[source])
        trail.append((source, next(one for one in edges if of.target[one] == index) - of.first[source]))
        index = source
    along = way_along(of, trail[::-1])
    assert along.start == of.parent[index][1]
    assert along.steps[-1].after == of.nodes[target]


# --- as runs --------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ENDS)
def test_every_end_is_reached_by_a_run_that_a_scenario_plays(name: str) -> None:
    for index in ends(name):
        ended = graph(name).nodes[index][0].ended
        assert ended is not None
        ran = played(graph(name), made(name, index))
        assert ran.ended is not None
        assert (ran.ended.end, ran.ended.risk) == (ended.end, ended.risk)
        assert judge(ran) == (), "the venues hold what the run says"


@pytest.mark.parametrize("name", ENDS)
def test_a_run_keeps_to_the_clock(name: str) -> None:
    """Time only goes on; the engine is woken when it asked for it, and nothing comes after that moment."""
    program = graph(name).ground.program
    for index in ends(name):
        state, before = begin(program, "proof"), 0
        for event, asked in made(name, index).log:
            due = state.wake_ns
            if isinstance(event, ev.Woken):
                assert event.at_ns == due
            elif not isinstance(event, ev.Started):
                assert due is not None
                assert before <= event.at_ns < due
                assert event.at_ns - before <= max(CALL_NS, SILENCE_NS)
            before = event.at_ns
            state, commands = step(program, state, event)
            assert commands == asked


@pytest.mark.parametrize("name", ["emergency_unwind", "flatten"])
def test_a_run_that_should_take_long_does_and_is_within_the_bounds(name: str) -> None:
    bounds = bounds_of(measure(lay_out(graph(name))))
    longer = 0
    for index in ends(name)[::2]:
        slow = make_concrete(graph(name).ground, way(name, index), slowly=True)
        assert isinstance(slow, Concrete)
        quick_ns, slow_ns = (one.log[-1][0].at_ns - one.log[0][0].at_ns for one in (made(name, index), slow))
        longer += slow_ns > 3 * quick_ns
        assert quick_ns <= slow_ns <= bounds[graph(name).faults[index]].time_ns
    assert longer > len(ends(name)) // 8


def is_early(one: Step) -> bool:
    """Whether a window closes while an answer is still out: any answer comes before that."""
    return one.move.what == "time is up" and any(side.calls for side in one.before[1].legs)


def test_a_timer_that_the_explorer_has_too_early_falls_due_later() -> None:
    name = "open_post_only_hedge"
    early = [index for index in ends(name) if any(map(is_early, way(name, index).steps))]
    assert early
    for index in early:
        events = [event for event, _ in made(name, index).log]
        state, last = begin(graph(name).ground.program, "proof"), graph(name).nodes[index][0]
        for event in events:
            state, _ = step(graph(name).ground.program, state, event)
        assert state.ended is not None
        assert last.ended is not None
        assert (state.ended.end, state.ended.risk) == (last.ended.end, last.ended.risk)


def test_a_way_that_no_run_goes_says_why() -> None:
    of = graph("flatten")
    whole = way("flatten", ends("flatten")[0])
    first = whole.steps[0]
    refused = Way(whole.start, (Step(first.before, first.move, (), None, "it does not fit"),))
    assert make_concrete(of.ground, refused) == Hitch(1, "the engine refuses it: it does not fit")
    apart = Way(whole.start, (Step(first.before, first.move, (), whole.steps[-1].before),))
    hitch = make_concrete(of.ground, apart)
    assert isinstance(hitch, Hitch)
    assert (hitch.step, hitch.why) == (1, f"after `{first.move.what}` the run is elsewhere")


def test_what_was_filled_unheard_is_kept_for_the_scenario() -> None:
    with without(UNKNOWN_IS_ZERO):
        of, watch = watched(shipped("emergency_unwind"), small(faults=1), ("P12",))
        broken = watch.found["P12"]
        found = make_concrete(of.ground, way_to(of, broken.index, broken.number))
    assert isinstance(found, Concrete)
    assert [(one.leg, one.order, one.lots) for one in found.unseen] == [(0, 1, 0)], "it rests there unheard"
