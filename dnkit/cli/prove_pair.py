"""`dnkit prove A --implies B` and `dnkit prove A --equivalent B`: two policies side by side."""

from collections.abc import Iterator

from msgspec.structs import replace

from dnkit.analysis.equivalent import Difference, equivalent
from dnkit.analysis.proof import NONE, Scene, Standing, Story, Verdict
from dnkit.cli.prove_out import Pair
from dnkit.cli.prove_subjects import Reader, Subject
from dnkit.cli.proving import progress
from dnkit.machine.program import Program
from dnkit.model.errors import DnkitError
from dnkit.analysis.proof import Setting
from dnkit.runtime.library import PolicyText
from dnkit.runtime.prepare import program_of


def pairs(reader: Reader, first: PolicyText, second: PolicyText) -> Iterator[tuple[str, Program, Program]]:
    """Both policies for each reason that either asks about: (reason, first, second), equal pairs once."""
    seen = set()
    for reason in dict.fromkeys((*reader.reasons(first), *reader.reasons(second))):
        one, other = (program_of(reader.checked(source, reason)) for source in (first, second))
        if (one.digest, other.digest) not in seen:
            seen.add((one.digest, other.digest))
            yield reason, one, other


def equivalence(one: Program, other: Program) -> Verdict:
    """P24, with the shortest way to where they part."""
    found = equivalent(one, other)
    if found is None:
        return Verdict(id="P24", standing=Standing.HOLDS, text="the same machine, whatever its parts are called")
    return Verdict(id="P24", standing=Standing.BROKEN, text=_parts(found), story=_way(found))


def _parts(found: Difference) -> str:
    first, second = (
        f"{phase} (line {line})" if line else phase for phase, line in zip(found.phases, found.lines, strict=True)
    )
    return f"{found.what}: {first} of the one, {second} of the other"


def _way(found: Difference) -> Story:
    scenes = tuple(Scene(turning.outcome, turning.phase, 0) for turning in found.way)
    return Story(0, scenes, tuple(turning.outcome for turning in found.way))


def implication(one: Program, other: Program, setting: Setting, *, quiet: bool) -> Verdict:
    """P23: whether the other is never more aggressive; where it is, the way to there."""
    from dnkit.analysis.implies import implied
    from dnkit.analysis.network import lay_out
    from dnkit.analysis.prove import explored
    from dnkit.analysis.story import story_of

    graphs = []
    for program in (one, other):
        with progress(program.name, setting.faults, quiet=quiet) as told:
            graphs.append(explored(program, setting, told))
    found = implied(*map(lay_out, graphs))
    if found.at == NONE:
        return found.verdict
    return replace(found.verdict, story=story_of(graphs[1], found.at, trail=found.trail))
