"""`--trace OUT.yaml`: the story of something broken as a scenario. It expects what should hold, so it fails
as long as the policy is as it is.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dnkit.analysis.concrete import Concrete, Hitch, Unseen, make_concrete
from dnkit.analysis.ground import Ground, lay_ground
from dnkit.analysis.proof import Standing, Verdict
from dnkit.analysis.story import walk_again
from dnkit.analysis.way import is_late
from dnkit.cli import out
from dnkit.cli.prove_out import SAYS, Found
from dnkit.engine.ends import is_goal
from dnkit.machine.program import Program, TargetKind
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import from_mbps, plain
from dnkit.policies.source import LIST, MAP, Node
from dnkit.policies.source import read as read_yaml
from dnkit.sim.record import scenario_of
from dnkit.sim.scenario import PolicyRef
from dnkit.sim.text import Tree, moment, money, quantity, worth, yaml_of

SLOW = ("P13", "P14", "P16")  # what is a matter of time


class NoRun(DnkitError):
    """A story that no run in real time tells."""


class Traced(NamedTuple):
    """A run that goes the way of a story, on its ground; `cut` by a deadline or a limit of time."""

    ground: Ground
    run: Concrete
    cut: bool


def write_trace(path: Path, found: Sequence[Found], settings: Mapping[str, str]) -> Path | None:
    """Write the shortest story of something broken as a scenario; None, and why, where there is none."""
    told = [
        (len(verdict.story.scenes), one, verdict)
        for one in found
        for verdict in one.verdicts
        if one.program is not None and verdict.standing is Standing.BROKEN and verdict.story is not None
    ]
    if not told:
        out.say(f"{path} was not written: nothing broken has a story")
        return None
    _, one, verdict = min(told, key=lambda each: each[0])
    try:
        made = traced(one, verdict)
        path.write_text(
            scenario_text(made, verdict, _policy_of(path, one, made, settings), path.stem), "utf-8"
        )
    except DnkitError as error:
        out.say(f"{path} was not written: {error}")
        return None
    out.say(f"{path}: the story of {verdict.id} as a scenario; dnkit test {path} fails until it is mended")
    return path


def traced(found: Found, verdict: Verdict) -> Traced:
    """The run that a verdict's story tells of; NoRun where there is none."""
    program, proof, story = found.program, found.proof, verdict.story
    assert program is not None and proof is not None and story is not None, "only programs have stories"
    ground = lay_ground(program, proof.setting)
    way = walk_again(ground, story)
    if way is None:
        raise NoRun(f"the story of {verdict.id} is of another version")
    made = make_concrete(ground, way, slowly=verdict.id in SLOW)
    if isinstance(made, Hitch):
        raise NoRun(f"no run in real time goes the way of {verdict.id}: {made.why}")
    return Traced(ground, made, any(map(is_late, way.steps)))


def _policy_of(path: Path, found: Found, made: Traced, settings: Mapping[str, str]) -> PolicyRef:
    """The policy from where the scenario is, with the clips that the proof took."""
    source = Path(found.subject.source.path)
    name = os.path.relpath(source, path.parent) if source.is_file() else found.subject.name
    return PolicyRef(
        name=name,
        settings=tuple(settings.items()),
        reason=found.subject.reasons[0],
        clips=tuple(f"{leg.name}={leg.clip.lots} lots" for leg in made.ground.program.legs),
    )


def scenario_text(made: Traced, verdict: Verdict, policy: PolicyRef, name: str) -> str:
    """The run as a scenario, with what nobody heard of, and what should hold in place of what happened."""
    program = made.ground.program
    about = f"{SAYS[verdict.id]} Refuted: {verdict.text}"
    text = scenario_of(policy, program, made.run.starts, made.run.log, name=name, about=about)
    root, _ = read_yaml(text, name)
    assert root is not None, "what was recorded is YAML"
    tree = _tree(root)
    began_ns = made.run.log[0][0].at_ns
    for one in made.run.unseen:
        _tell_unseen(tree, program, one, one.at_ns - began_ns)
    return yaml_of({**tree, "expect": expected(program, verdict.id, cut=made.cut)})


def _tree(node: Node) -> Any:
    """The nested maps, lists and texts of a node; None where a key stands alone."""
    if node.kind == MAP:
        return {entry.key.text: _tree(entry.value) for entry in node.entries}
    if node.kind == LIST:
        return [_tree(one) for one in node.items]
    return node.text if node.text or node.quoted else None


def _tell_unseen(tree: Tree, program: Program, one: Unseen, run_ns: int) -> None:
    """Put what was filled into the script of an order whose placement nobody answered."""
    spec = program.legs[one.leg]
    script = tree["orders"][f"{spec.name}#{one.order}"]
    placed = [{key: text for key, text in reply.items() if key != "arrived"} for reply in script["placed"]]
    if one.lots:
        fill: Tree = {"filled": quantity(spec, one.lots), "for": worth(spec, one.worth), "told": "false"}
        placed.insert(max(0, len(placed) - 1), {**fill, "at": moment(run_ns)})
    script["placed"] = placed


# --- what should hold -----------------------------------------------------------------------------


def expected(program: Program, id: str, *, cut: bool) -> Tree:
    """What a scenario expects where a property holds; what is always looked at needs no word. A run that its
    deadline `cut` short is expected to get to the goal, in whatever time a better policy gives it.
    """
    expects = _goal if id == "P13" and cut else _EXPECTED.get(id)
    return expects(program) if expects is not None else {}


def _within(program: Program) -> Tree:
    return {"within": moment(program.scopes[0].limits.deadline_ns)}


def _concession(program: Program) -> Tree:
    return {"concession": f"{plain(from_mbps(program.scopes[0].limits.concession_max))}bps"}


def _unhedged(program: Program) -> Tree:
    limits = program.scopes[0].limits
    return {"unhedged": f"{money(limits.unhedged_max)} for {moment(limits.unhedged_ns)}"}


def _types(program: Program) -> Tree:
    return {"never": [one.value for one in program.scopes[0].limits.forbid] or "none"}


def _hedged(_: Program) -> Tree:
    return {"risk": "hedged"}


def _told(_: Program) -> Tree:
    return {"alerts": ["page"]}


def _goal(program: Program) -> Tree:
    """The first end of the policy that is no halt."""
    targets = [target for phase in program.phases for _, target in phase.then]
    goals = [one.end.value for one in targets if one.kind is TargetKind.DONE and is_goal(one.end)]
    return {"end": goals[0]} if goals else {}


_EXPECTED: dict[str, Callable[[Program], Tree]] = {
    "P05": _told,
    "P06": _hedged,
    "P08": _types,
    "P13": _within,
    "P15": _concession,
    "P16": _unhedged,
    "P17": _goal,
    "P20": _goal,
}
