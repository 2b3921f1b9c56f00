"""The proof gate of `trade` and `flatten`: what is about to run is proved on the spot, or looked up.

What adds risk is not traded unproven, unless somebody takes that on by a flag. A way out only hears of it:
its proof is bounded, and neither its outcome nor its failure keeps anyone in.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from dnkit.analysis.ground import Ground, lay_ground
from dnkit.analysis.proof import NONE, Proof, Setting, Standing, Verdict
from dnkit.cli import out
from dnkit.cli.exit_codes import ExitCode
from dnkit.cli.proving import ON_THE_SPOT, counted, decided, story_lines
from dnkit.engine.exposure import net_money
from dnkit.engine.sizing import OPENING
from dnkit.engine.state import Leg
from dnkit.journal.records import Claims
from dnkit.machine.program import NO_LIMIT, Program
from dnkit.model.errors import DnkitError
from dnkit.model.numbers import MBPS_ONE, ceil_div, from_mbps, from_pico, plain
from dnkit.model.terms import BUILDING
from dnkit.readers.claims import HOLDS, STANDINGS
from dnkit.readers.stats import seconds, tidy
from dnkit.runtime.folder import StateFolder
from dnkit.runtime.proofs import proofs_folder

FLAG = "--i-accept-unproven"
WAY_OUT_STATES, WAY_OUT_S = 5_000, 10  # whoever wants out does not wait for longer
WAY_OUT = tuple(Setting(faults=faults, states_max=WAY_OUT_STATES) for faults in (1, 0))
FAILED = "none"  # standing of a program whose proof failed


class Unproven(DnkitError):
    """The policy adds risk, and is not proved."""

    exit_code = ExitCode.UNPROVEN


class Tried(msgspec.Struct, frozen=True):
    """A program, its proof (looked up, `cached`, or made; None where proving failed, for `trouble`) and what
    it claims.
    """

    program: Program
    proof: Proof | None
    claims: Claims
    cached: bool = False
    trouble: str = ""

    @property
    def holds(self) -> bool:
        """Whether every property is proved."""
        return self.claims.standing == HOLDS


class Passed(msgspec.Struct, frozen=True):
    """What went through the gate: claims by the digest of the program, the content for JSON, and what a human
    should know.
    """

    claims: Mapping[str, Claims] = {}
    content: tuple[Mapping[str, object], ...] = ()
    warnings: tuple[str, ...] = ()


def pass_gate(
    policy: str,
    programs: Sequence[Program],
    folder: StateFolder,
    *,
    accept: bool = False,
    quiet: bool = False,
) -> Passed:
    """Prove the programs that are about to run: one policy, perhaps both ways round, or several flattens.

    `policy` is its name as it was asked for, `accept` goes on without a proof, `quiet` prints nothing.
    Unproven for what adds risk and is refuted or not decided.
    """
    tried = tuple(_try(program, folder, accept=accept, quiet=quiet) for program in programs)
    bad = tuple(one for one in tried if not one.holds)
    for one in bad:
        if one.program.intent in OPENING and not accept:
            raise Unproven("\n".join(_refusal(policy, one)))
    warnings = tuple(dict.fromkeys(_warning(policy, one) for one in bad))
    if not quiet:
        for line in (*_lines(tried), *warnings):
            out.say(line)
    claims = {one.program.digest: one.claims for one in tried}
    return Passed(claims, tuple(_content(one) for one in tried), warnings)


def _try(program: Program, folder: StateFolder, *, accept: bool, quiet: bool) -> Tried:
    adds_risk = program.intent in OPENING
    try:
        settings, within_s = (ON_THE_SPOT, 0) if adds_risk else (WAY_OUT, WAY_OUT_S)
        proof, cached = decided(program, settings, proofs_folder(folder), quiet=quiet, within_s=within_s)
        return Tried(program, proof, claims_of(program, proof, accept=accept), cached)
    except Exception as error:  # house-ok: a bug of the prover keeps nobody in
        if adds_risk and not accept:
            raise
        claims = Claims(standing=FAILED, accepted=accept)
        return Tried(program, None, claims, trouble=f"{type(error).__name__}: {error}")


def claims_of(program: Program, proof: Proof, *, accept: bool = False) -> Claims:
    """What a run of that program claims: the bounds of a proof that was not cut short."""
    told = Claims(
        standing=proof.standing.value,
        properties=_holding(proof),
        faults=proof.setting.faults,
        states=proof.states,
        accepted=accept and proof.standing is not Standing.HOLDS,
    )
    if not (proof.complete and proof.bounds):
        return told
    from dnkit.analysis.move import CALL_NS

    bounds, ground = max(proof.bounds, key=lambda each: each.faults), lay_ground(program, proof.setting)
    return msgspec.structs.replace(
        told,
        call_ns=CALL_NS,
        time_ns=bounds.time_ns,
        naked_ns=bounds.naked_ns,
        concession=tuple(_on_any_book(ground, leg, mbps) for leg, mbps in enumerate(bounds.concession)),
        unhedged=bounds.unhedged,
        size=_size(ground),
    )


def _on_any_book(ground: Ground, leg: int, mbps: int) -> int:
    """The proof rounds a price to the tick at one price of the coin; at another it may come a tick nearer to
    the rung, never past the limit.
    """
    limits = [scope.limits.concession_max for scope in ground.program.scopes if leg in scope.legs]
    finer = mbps + ceil_div(MBPS_ONE, ground.legs[leg].bid) if mbps > 0 else mbps
    return max(mbps, min(finer, *limits)) if NO_LIMIT not in limits else finer


def _size(ground: Ground) -> int:
    """What the larger leg is worth at the prices of the proof, in picos: all of it that may be open."""
    program = ground.program
    whole = tuple(leg.whole for leg in ground.legs)
    starts = (whole,) if program.intent in BUILDING else ground.starts
    still = tuple(Leg(bid=leg.bid, ask=leg.ask) for leg in ground.legs)
    return max(
        net_money(
            program, (*still[:leg], msgspec.structs.replace(still[leg], position=lots), *still[leg + 1 :])
        )
        for start in starts
        for leg, lots in enumerate(start)
    )


def _holding(proof: Proof) -> int:
    return sum(one.standing is Standing.HOLDS for one in proof.verdicts)


def _lines(tried: Sequence[Tried]) -> Iterator[str]:
    """The first line of the screen, and what is claimed."""
    proved = [one for one in tried if one.holds]
    if not proved:
        return
    claims = proved[0].claims
    faults = counted(claims.faults, "fault")
    states = counted(sum(one.claims.states for one in proved), "state")
    more = f" of {len(proved)} programs" if len(proved) > 1 else ""
    cached = " (cached)" if all(one.cached for one in proved) else ""
    yield f"proved: {claims.properties} properties at {faults}, {states}{more}{cached}"
    yield from dict.fromkeys(_claimed(one.program, one.claims) for one in proved)


def _claimed(program: Program, claims: Claims) -> str:
    """All bounds in a line."""
    farthest = max(claims.concession, default=NONE)
    parts = (
        (claims.time_ns, f"an end within {_s(claims.time_ns)}"),
        (claims.naked_ns, f"unhedged for at most {_s(claims.naked_ns)}"),
        (claims.unhedged, f"at most {_money(program, claims.unhedged)} of {_money(program, claims.size)}"),
        (farthest, f"no price more than {plain(from_mbps(farthest))} bps past the touch"),
    )
    return f"claimed: {', '.join(text for value, text in parts if value != NONE)}"


def _s(ns: int) -> str:
    return f"{plain(seconds(ns))} s"


def _money(program: Program, picos: int) -> str:
    return f"{from_pico(picos):.0f} {program.legs[0].instrument.quote}"


def _warning(policy: str, one: Tried) -> str:
    """One line: what is not proved, and why it goes on."""
    why = f"{FLAG} was given" if one.program.intent in OPENING else "a way out goes on all the same"
    told = "decides it for the next time" if one.claims.standing == Standing.OPEN.value else "tells the story"
    return f"NOT PROVED: {_findings(one)}; {why}. dnkit prove {policy} {told}"


def _findings(one: Tried) -> str:
    """What stands against the program, in a few words."""
    if one.proof is None:
        return f"proving {one.program.name} failed ({one.trouble})"
    if broken := _broken(one.proof):
        return (
            f"{', '.join(each.id for each in broken)} of {one.program.name} {STANDINGS[one.claims.standing]}"
        )
    states = min(one.proof.states, one.proof.setting.states_max)
    return f"{one.program.name} is not decided within {counted(states, 'state')}"


def _broken(proof: Proof) -> tuple[Verdict, ...]:
    """The refuted properties, the one with the shortest story first."""
    broken = (one for one in proof.verdicts if one.standing is Standing.BROKEN)
    return tuple(sorted(broken, key=_length))


def _length(one: Verdict) -> tuple[bool, int, int]:
    story = one.story
    return (True, 0, 0) if story is None else (False, story.faults, len(story.scenes))


def _refusal(policy: str, one: Tried) -> Iterator[str]:
    """Why a policy is not traded: what is broken, the shortest story, and what can be done."""
    yield f"{_findings(one)}: a policy that adds risk is not traded unproven; nothing was sent"
    for each in _broken(one.proof) if one.proof is not None else ():
        yield f"  {each.id} refuted: {each.text}"
    story = next((each.story for each in _broken(one.proof) if each.story), None) if one.proof else None
    if story is not None:
        yield from (f"  {line}" for line in story_lines(story))
    yield f"  dnkit prove {policy} tells all of it; {FLAG} trades it all the same"


def _content(one: Tried) -> Mapping[str, object]:
    """A proof in JSON; amounts are texts."""
    proof, claims = one.proof, one.claims
    bounds = {
        "time_s": None if claims.time_ns == NONE else seconds(claims.time_ns),
        "naked_s": None if claims.naked_ns == NONE else seconds(claims.naked_ns),
        "concession_bps": [None if mbps == NONE else from_mbps(mbps) for mbps in claims.concession],
        "unhedged": None if claims.unhedged == NONE else tidy(from_pico(claims.unhedged)),
        "unhedged_of": None if claims.unhedged == NONE else tidy(from_pico(claims.size)),
        "call_s": seconds(claims.call_ns),
    }
    return {
        "program": one.program.name,
        "digest": one.program.digest,
        "standing": claims.standing,
        "properties": claims.properties,
        "faults": claims.faults,
        "states": claims.states,
        "cached": one.cached,
        "broken": [each.id for each in _broken(proof)] if proof is not None else [],
        "accepted_unproven": claims.accepted,
        "trouble": one.trouble,
        "claims": bounds if claims.concession else None,
    }
