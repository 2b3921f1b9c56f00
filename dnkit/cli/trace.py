"""`--trace OUT.yaml`: the story of something broken as a scenario. It expects what should hold, so it fails
as long as the policy is as it is.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dnkit.analysis.concrete import Concrete, Hitch, make_concrete
from dnkit.analysis.ground import Ground, lay_ground
from dnkit.analysis.proof import Standing, Verdict
from dnkit.analysis.story import walk_again
from dnkit.analysis.way import Way, is_late
from dnkit.cli import out
from dnkit.cli.prove_out import SAYS, Found
from dnkit.engine.ends import is_goal
from dnkit.machine.program import Program, TargetKind
from dnkit.model.numbers import from_mbps, plain
from dnkit.sim.record import scenario_of
from dnkit.sim.scenario import PolicyRef
from dnkit.sim.text import Tree, moment, money, yaml_of

SLOW = ("P13", "P14", "P16")  # what is a matter of time
EXPECT = "expect:"


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
    way = _way_of(one, verdict)
    if way is None:
        out.say(f"{path} was not written: the story of {verdict.id} is of another version")
        return None
    made = make_concrete(_ground(one), way, slowly=verdict.id in SLOW)
    if isinstance(made, Hitch):
        out.say(f"{path} was not written: no run in real time goes the way of {verdict.id}; {made.why}")
        return None
    expect = expected(_ground(one).program, verdict.id, cut=any(map(is_late, way.steps)))
    path.write_text(_text(path, one, verdict, made, settings, expect), "utf-8")
    out.say(f"{path}: the story of {verdict.id} as a scenario; dnkit test {path} fails until it is mended")
    return path


def _way_of(found: Found, verdict: Verdict) -> Way | None:
    assert verdict.story is not None, "only what has a story is traced"
    return walk_again(_ground(found), verdict.story)


def _ground(found: Found) -> Ground:
    assert found.program is not None and found.proof is not None, "only programs have stories"
    return lay_ground(found.program, found.proof.setting)


def _text(
    path: Path,
    found: Found,
    verdict: Verdict,
    made: Concrete,
    settings: Mapping[str, str],
    expect: Tree,
) -> str:
    """What was recorded, with what is expected in place of what happened."""
    program = _ground(found).program
    text = scenario_of(
        _policy_of(path, found, program, settings),
        program,
        made.starts,
        made.log,
        name=path.stem,
        about=f"{SAYS[verdict.id]} Refuted: {verdict.text}",
    )
    recorded, _, _ = text.rpartition(f"\n{EXPECT}")
    return f"{recorded}\n{yaml_of({'expect': expect})}"


def _policy_of(path: Path, found: Found, program: Program, settings: Mapping[str, str]) -> PolicyRef:
    """The policy from where the scenario is, with the clips that the proof took."""
    source = Path(found.subject.source.path)
    name = os.path.relpath(source, path.parent) if source.is_file() else found.subject.name
    return PolicyRef(
        name=name,
        settings=tuple(settings.items()),
        reason=found.subject.reasons[0],
        clips=tuple(f"{leg.name}={leg.clip.lots} lots" for leg in program.legs),
    )


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
