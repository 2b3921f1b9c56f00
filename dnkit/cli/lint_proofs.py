"""`dnkit lint --prove`: what the prover has against a policy, as findings with their stories."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from dnkit.analysis.proof import Proof, Setting, Standing, Verdict
from dnkit.cli.proving import counted, decided, story_lines
from dnkit.policies.diagnostics import Diagnostic, Span, finding, in_order
from dnkit.runtime.library import PolicyText, VenueFacts
from dnkit.runtime.prepare import Shelf, checks_by_reason

REFUTED, NOT_DECIDED = "DNK801", "DNK802"


def proof_findings(
    source: PolicyText, venues: VenueFacts, shelf: Shelf, settings: Sequence[Setting], place: Path
) -> tuple[Diagnostic, ...]:
    """What `decided` has against a policy, without a reason and for each that an overlay asks about, the same
    machine once; `place` keeps the proofs. What was told of an earlier machine is not told again. Nothing is
    proved of a policy with errors, and of a guard.
    """
    found, seen = dict[str, Diagnostic](), set[str]()
    for reason, checked in checks_by_reason(source, venues, shelf).items():
        program = checked.program if checked.ok else None
        if program is not None and program.digest not in seen:
            seen.add(program.digest)
            proof, _ = decided(program, settings, place)
            for one in _findings(proof, source, reason):
                found.setdefault(one.message, one)
    return in_order(found.values())


def _findings(proof: Proof, source: PolicyText, reason: str) -> Iterator[Diagnostic]:
    notes = (f"when the reason is `{reason}`",) if reason else ()
    broken = [one for one in proof.verdicts if one.standing is Standing.BROKEN]
    for one in broken:
        yield _refuted(one, source, notes)
    if not broken and not proof.complete:
        said = f"not decided within {counted(proof.setting.states_max, 'state')}"
        help = "write fewer rungs, visits or orders at once; as it is, `dnkit trade` opens nothing with it"
        yield finding(NOT_DECIDED, said, _line(source, 1), notes=notes, help=help)


def _refuted(one: Verdict, source: PolicyText, notes: tuple[str, ...]) -> Diagnostic:
    """At the last step of the story that is a line of the policy."""
    scenes = one.story.scenes if one.story else ()
    lines = [scene.line for scene in scenes if scene.line]
    told = tuple(story_lines(one.story)) if one.story else ()
    where = _line(source, lines[-1] if lines else 1)
    return finding(REFUTED, f"{one.id} does not hold: {one.text}", where, notes=(*told, *notes))


def _line(source: PolicyText, number: int) -> Span:
    """The words of a line."""
    lines = source.text.split("\n")
    line = lines[number - 1].partition(" #")[0].rstrip() if number <= len(lines) else ""
    start = len(line) - len(line.lstrip()) + 1
    return Span(source.path, number, start, number, max(len(line), start) + 1)
