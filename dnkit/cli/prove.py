"""`dnkit prove`: what a policy can do in every case, and the story of what it should not do."""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from dnkit.analysis.odds.frequencies import Frequencies
from dnkit.analysis.proof import Promise, Proof, Setting, Standing
from dnkit.analysis.properties import PROPERTIES
from dnkit.analysis.rules.check import check_rules
from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.prove_odds import frequencies_in, odds_in
from dnkit.cli.prove_out import Found, Pair, content, lines, pair_lines
from dnkit.cli.prove_subjects import Reader, Subject
from dnkit.cli.proving import Interrupts, kept_proof, new_proof, progress
from dnkit.cli.settings import parse_settings
from dnkit.machine.program import Program
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import to_mbps
from dnkit.policies.diagnostics import did_you_mean
from dnkit.policies.policy import Policy
from dnkit.policies.units import TextError, parse_bps
from dnkit.runtime.folder import state_folder
from dnkit.runtime.library import policy_texts, read_policy
from dnkit.runtime.prepare import PolicyInvalid
from dnkit.runtime.proofs import proofs_folder

DEEP_CHUNKS, DEEP_FAULTS = 4, 3
IDS = tuple(one.id for one in PROPERTIES)


class BadProof(DnkitError):
    """Flags that cannot be meant so."""

    exit_code = ExitCode.USAGE


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says; None where it does not."""

    policies: tuple[str, ...]
    faults: int | None = None
    chunks: int | None = None
    deep: bool = False
    stops: bool = False
    states_max: int | None = None
    depth: str = ""
    properties: tuple[str, ...] = ()
    frontier: bool = False
    implies: str = ""
    equivalent: str = ""
    trace: Path | None = None
    odds: Path | None = None
    settings: tuple[str, ...] = ()
    reason: str = ""
    all_reasons: bool = True
    verbose: bool = False
    as_json: bool = False


def prove(asked: Asked) -> int:
    """Prove policies: 0 when all that was asked holds, 1 when something is refuted, 6 when something is not
    decided, 130 when it was interrupted.
    """
    _check(asked)
    reader = reader_of(asked)
    with Interrupts() as interrupts:
        pairs = [*_pairs(asked, reader, interrupts)]
        found = [] if pairs else [*_all_found(asked, reader, interrupts)]
    code = _code((*found, *pairs), interrupted=interrupts.asked)
    trace = _trace(asked, found)
    if asked.as_json:
        told = content(found, pairs, trace, interrupted=interrupts.asked)
        out.envelope("prove/1", told, ok=code is ExitCode.OK)
    if interrupts.asked:
        out.say("interrupted: what is above is what was found so far, and nothing is proved by it")
    return code


def _check(asked: Asked) -> None:
    if not asked.policies:
        raise BadProof("name a policy, a file or a folder")
    for id in asked.properties:
        if id.upper() not in IDS:
            raise BadProof(f"--property {id}: {did_you_mean(id.upper(), IDS)}")
    if asked.deep and (asked.chunks, asked.faults) != (None, None):
        raise BadProof(f"--deep is --chunks {DEEP_CHUNKS} --faults {DEEP_FAULTS}: leave those out")
    if asked.implies and asked.equivalent:
        raise BadProof("--implies and --equivalent are two questions: ask one at a time")
    if (asked.implies or asked.equivalent) and len(asked.policies) > 1:
        raise BadProof("name one policy, and the other behind --implies or --equivalent")
    depth_of(asked)


def reader_of(asked: Asked) -> Reader:
    """Reads policies as the command line wants them."""
    return Reader(parse_settings(asked.settings), asked.reason, all_reasons=asked.all_reasons)


def setting_of(asked: Asked) -> Setting:
    """How far to go."""
    usual = Setting(chunks=DEEP_CHUNKS, faults=DEEP_FAULTS) if asked.deep else Setting()
    return msgspec.structs.replace(
        usual,
        chunks=asked.chunks or usual.chunks,
        faults=usual.faults if asked.faults is None else asked.faults,
        stops=asked.stops,
        states_max=asked.states_max or usual.states_max,
    )


def depth_of(asked: Asked) -> int | None:
    """The depth in mbps at which the goal has to be certain, None where none was asked for."""
    if not asked.depth:
        return None
    try:
        return to_mbps(parse_bps(asked.depth))
    except (TextError, ValueError) as error:
        raise BadProof(f"--depth {asked.depth}: {error}") from error


def _pairs(asked: Asked, reader: Reader, interrupts: Interrupts) -> Iterator[Pair]:
    """Two policies side by side, where that was asked for."""
    other = asked.implies or asked.equivalent
    if not other:
        return
    from dnkit.cli.prove_pair import Judge, equivalence, implication, prove_pairs

    judge: Judge = equivalence
    if asked.implies:
        setting = setting_of(asked)
        watch = partial(interrupts.progress, faults=setting.faults, quiet=asked.as_json)
        judge = partial(implication, watch=watch, setting=setting)
    first, second = (read_policy(name) for name in (other, asked.policies[0]))
    for pair in prove_pairs(reader, first, second, judge):
        if not asked.as_json:
            for line in pair_lines(pair):
                out.data(line)
        yield pair


def _all_found(asked: Asked, reader: Reader, interrupts: Interrupts) -> Iterator[Found]:
    """One policy and reason after the other."""
    sources = [source for name in asked.policies for source in policy_texts(name)]
    subjects = [subject for source in sources for subject in reader.subjects(source)]
    trades = any(one.checked.program is not None for one in subjects)
    counts = frequencies_in(asked.odds) if trades and asked.odds is not None else None
    for subject in subjects:
        if interrupts.asked:
            return
        found = _proved(asked, reader, subject, interrupts, counts)
        if not asked.as_json:
            for line in lines(found, frontier=asked.frontier, verbose=asked.verbose):
                out.data(line)
        yield found


# --- one machine ----------------------------------------------------------------------------------


def _proved(
    asked: Asked, reader: Reader, subject: Subject, interrupts: Interrupts, counts: Frequencies | None
) -> Found:
    program = subject.checked.program
    if program is None:
        return _of_guard(asked, reader, subject)
    setting, place = setting_of(asked), proofs_folder(state_folder())
    proof = kept_proof(program, setting, place)
    cached = proof is not None
    if proof is None:
        with interrupts.progress(subject.name, faults=setting.faults, quiet=asked.as_json) as told:
            proof = new_proof(program, setting, place, told)
    return Found(
        subject=subject,
        verdicts=tuple(one for one in proof.verdicts if _wanted(asked, one.id)),
        program=program,
        proof=proof,
        cached=cached,
        promise=_promise(asked, program, proof),
        odds=None if counts is None else odds_in(program, counts, setting),
    )


def _wanted(asked: Asked, id: str) -> bool:
    return not asked.properties or id in (one.upper() for one in asked.properties)


def _of_guard(asked: Asked, reader: Reader, subject: Subject) -> Found:
    """A guard sends no orders: its rules are decided."""
    checked = subject.checked
    assert checked.policy is not None and checked.bound is not None, "a policy without errors was built"

    def at(values: Mapping[str, str]) -> Policy | None:
        try:
            return reader.checked(subject.source, subject.reasons[0], values).policy
        except PolicyInvalid:
            return None

    verdicts = check_rules(checked.policy, spans=checked.bound.spans, at=at)
    return Found(subject=subject, verdicts=tuple(one for one in verdicts if _wanted(asked, one.id)))


def _promise(asked: Asked, program: Program, proof: Proof) -> Promise | None:
    """What is promised at the depth that was asked for; None where none was, or it is not decided."""
    depth = depth_of(asked)
    if depth is None or not proof.complete:
        return None
    faults = proof.setting.faults
    told = [one for one in proof.frontier if one.faults == faults]
    exact = next((one for one in told if one.depth == depth), None)
    if exact is not None:
        return exact
    from dnkit.analysis.frontier import frontier
    from dnkit.analysis.prove import explored

    with progress(program.name, faults, quiet=asked.as_json) as told_so_far:
        network = explored(program, proof.setting, told_so_far)
    return next(one for one in frontier(network, (depth,)) if one.faults == faults)


# --- all of them ----------------------------------------------------------------------------------


def _code(found: Sequence[Found | Pair], *, interrupted: bool) -> ExitCode:
    if interrupted:
        return ExitCode.INTERRUPTED
    standings = {one.standing for one in found}
    if Standing.BROKEN in standings:
        return ExitCode.FINDINGS
    return ExitCode.TIMEOUT if Standing.OPEN in standings else ExitCode.OK


def _trace(asked: Asked, found: Sequence[Found]) -> Path | None:
    """Write the first story of something broken as a scenario, where that was asked for."""
    if asked.trace is None:
        return None
    from dnkit.cli.trace import write_trace

    return write_trace(asked.trace, found, settings=parse_settings(asked.settings))
