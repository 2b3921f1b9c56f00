"""`dnkit prove --implies A B` and `dnkit prove --equivalent A B`: two policies side by side."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

from msgspec.structs import replace

from dnkit.analysis.equivalent import Difference, Undecided, equivalent
from dnkit.analysis.explore import Told
from dnkit.analysis.proof import NONE, Scene, Setting, Standing, Story, TooMany, Verdict
from dnkit.cli.prove_out import Pair
from dnkit.cli.prove_subjects import Reader
from dnkit.machine.program import Program
from dnkit.runtime.library import PolicyText
from dnkit.runtime.prepare import program_of

Watch = Callable[[str], AbstractContextManager[Told]]  # shows how far the proof of that name is
Judge = Callable[[Program, Program], Verdict]


def prove_pairs(reader: Reader, first: PolicyText, second: PolicyText, judge: Judge) -> Iterator[Pair]:
    """Judge two policies for each reason that either asks about; what are the same two machines once."""
    seen = set()
    base, name = _told_apart(first, second)
    for reason in dict.fromkeys((*reader.reasons(first), *reader.reasons(second))):
        one, other = (program_of(reader.checked(source, reason)) for source in (first, second))
        if (one.digest, other.digest) not in seen:
            seen.add((one.digest, other.digest))
            yield Pair(first=base, second=name, reason=reason, verdict=judge(one, other))


def _told_apart(first: PolicyText, second: PolicyText) -> tuple[str, str]:
    """Their names, or their paths where a variant kept the name."""
    names = Path(first.path).stem, Path(second.path).stem
    return names if names[0] != names[1] else (first.path, second.path)


def equivalence(one: Program, other: Program) -> Verdict:
    """P24, with the shortest way to where they part."""
    try:
        found = equivalent(one, other)
    except Undecided as error:
        return Verdict(id="P24", standing=Standing.OPEN, text=str(error))
    if found is None:
        return Verdict(id="P24", standing=Standing.HOLDS, text="the same machine but for names")
    return Verdict(id="P24", standing=Standing.BROKEN, text=_parts(found), story=_way(found))


def _parts(found: Difference) -> str:
    places = zip(found.phases, found.lines, strict=True)
    first, second = (f"{phase} (line {line})" if line else phase for phase, line in places)
    return f"{found.what}; {first} of the first, {second} of the second"


def _way(found: Difference) -> Story:
    scenes = tuple(Scene(turning.outcome, turning.phase, 0) for turning in found.way)
    return Story(0, scenes, tuple(turning.outcome for turning in found.way))


def implication(one: Program, other: Program, watch: Watch, setting: Setting) -> Verdict:
    """P23: whether the other is never more aggressive; where it is, the way to there."""
    from dnkit.analysis.implies import implied
    from dnkit.analysis.prove import explored
    from dnkit.analysis.story import story_of

    networks = []
    try:
        for program in (one, other):
            with watch(program.name) as told:
                networks.append(explored(program, setting, told))
    except TooMany as error:
        return Verdict(id="P23", standing=Standing.OPEN, text=f"not decided: {error}")
    found = implied(*networks)
    if found.at == NONE:
        return found.verdict
    return replace(found.verdict, story=story_of(networks[1].graph, found.at, trail=found.trail))
