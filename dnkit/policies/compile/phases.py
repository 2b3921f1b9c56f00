"""Phases of a policy -> phases of the machine, sub-policies inlined. Every outcome gets a target; here
alone defaults are filled in.
"""

from msgspec.structs import replace

from dnkit.machine.program import (
    OUTCOMES,
    Job,
    LegSpec,
    Limits,
    Outcome,
    Phase,
    PhaseKind,
    Scope,
    Target,
    TargetKind,
)
from dnkit.model.terms import CLOSING, EndName, OrderType
from dnkit.policies.compile.frame import Configured, Frame, Library, LoadedPolicy, halt, policy_of
from dnkit.policies.compile.jobs import Ground, arm_jobs, clear_jobs, rest_jobs, take_jobs
from dnkit.policies.compile.limits import compile_limits, tighter
from dnkit.policies.compile.units import to_limit
from dnkit.policies.diagnostics import did_you_mean
from dnkit.policies.findings import Findings, Route
from dnkit.policies.policy import (
    KIND_OF,
    Alert,
    Arm,
    Clear,
    PhaseText,
    Policy,
    Rest,
    Run,
    Take,
    Verify,
    Wait,
)

# What a phase that is switched off answers: the outcome of nothing done.
_NOTHING_DONE = {
    PhaseKind.REST: Outcome.NONE,
    PhaseKind.TAKE: Outcome.SHORT,
    PhaseKind.ARM: Outcome.FAILED,
    PhaseKind.CLEAR: Outcome.CLEAR,
    PhaseKind.WAIT: Outcome.ELAPSED,
    PhaseKind.ALERT: Outcome.SENT,
    PhaseKind.RUN: Outcome.IDLE,
}
_ENDS = {
    EndName.FLAT: Outcome.FLAT,
    EndName.HEDGED: Outcome.HEDGED,
    EndName.PROTECTED: Outcome.PROTECTED,
    EndName.IDLE: Outcome.IDLE,
    EndName.HALTED: Outcome.HALT,
}


PHASES_MAX = 1000


class Builder:
    """Grows the phases and scopes of one program."""

    def __init__(
        self,
        specs: tuple[LegSpec, ...],
        types: tuple[tuple[OrderType, ...], ...],
        library: Library,
        configured: Configured | None,
        findings: Findings,
    ) -> None:
        self.specs = specs
        self.types = types
        self.library = library
        self.configured = configured
        self.findings = findings
        self.scopes: list[Scope | None] = []
        self.phases: list[Phase | None] = []

    def root(self, policy: Policy) -> Frame:
        """Compile the policy itself into scope 0."""
        legs = {leg.name: index for index, leg in enumerate(policy.legs)}
        return self._scope(policy, self.findings, legs, caller=None, name="", ends=None, halt_to=None)

    def _scope(
        self,
        policy: Policy,
        findings: Findings,
        legs: dict[str, int],
        *,
        caller: Frame | None,
        name: str,
        ends: dict[EndName, Target] | None,
        halt_to: Target | None,
    ) -> Frame:
        base, index = len(self.phases), len(self.scopes)
        self.scopes.append(None)
        self.phases.extend([None] * len(policy.phases))
        order = tuple(range(base, base + len(policy.phases)))
        frame = Frame(
            index=index,
            policy=policy,
            findings=findings,
            prefix=f"{name}/" if name else "",
            trail=(*(caller.trail if caller else ()), policy.name),
            ground=self._ground(policy, findings, legs),
            places={phase.name: at for phase, at in zip(policy.phases, order, strict=True)},
            order=order,
            ends=ends,
            halt_to=halt_to,
        )
        limits = self._limits(frame, caller)
        frame = replace(frame, ground=replace(frame.ground, limits=limits))
        self.scopes[index] = Scope(
            name=name or policy.name,
            parent=caller.index if caller else -1,
            legs=tuple(legs.values()),
            limits=limits,
            intent=policy.intent,
            halt_to=halt_to,
        )
        for at, phase in zip(order, policy.phases, strict=True):
            self.phases[at] = self._phase(frame, phase, at)
        return frame

    def _ground(self, policy: Policy, findings: Findings, legs: dict[str, int]) -> Ground:
        instruments = tuple(self.specs[index].instrument for index in legs.values())
        limits = compile_limits(policy, instruments, policy.intent in CLOSING, findings)
        return Ground(
            specs=self.specs,
            types=self.types,
            legs=legs,
            limits=limits,
            intent=policy.intent,
            findings=findings,
        )

    def _limits(self, frame: Frame, caller: Frame | None) -> Limits:
        text, limits = frame.policy.limits, frame.ground.limits
        if text.deadline is not None:
            limits = replace(limits, deadline_to=frame.target(text.deadline.then))
        if text.max_unhedged is not None:
            limits = replace(limits, unhedged_to=frame.target(text.max_unhedged.then))
        return tighter(limits, caller.ground.limits) if caller else limits

    def _phase(self, frame: Frame, text: PhaseText, at: int) -> Phase:
        kind = KIND_OF[type(text.body)]
        route: Route = ("phases", text.name)
        then = self._then(frame, text, kind, at)
        phase = Phase(
            name=frame.prefix + text.name,
            line=frame.findings.line(route),
            kind=kind,
            scope=frame.index,
            visits=text.visits,
            then=tuple(then.items()),
        )
        if text.skip or (isinstance(text.body, Take) and text.body.type is None):
            return self._skipped(phase, frame, route)
        return self._with_body(phase, text, frame, then)

    def _skipped(self, phase: Phase, frame: Frame, route: Route) -> Phase:
        if phase.kind is PhaseKind.VERIFY:
            text = "a verify phase cannot be skipped: nothing may be called done without it"
            frame.findings.error("DNK206", text, route, "take the skip out")
            return phase
        return replace(phase, skip=_NOTHING_DONE[phase.kind])

    def _then(self, frame: Frame, text: PhaseText, kind: PhaseKind, at: int) -> dict[Outcome, Target]:
        written = {outcome: frame.target(goto) for outcome, goto in text.then}
        following = Target(TargetKind.PHASE, phase=at + 1) if at < frame.order[-1] else None
        then = {}
        for outcome in OUTCOMES[kind]:
            default = following or halt(f"{text.name}: {outcome.value}")
            then[outcome] = written.get(outcome, default)
        then[Outcome.EXHAUSTED] = written.get(Outcome.EXHAUSTED, halt(f"{text.name} exhausted"))
        return then

    def _with_body(self, phase: Phase, text: PhaseText, frame: Frame, then: dict[Outcome, Target]) -> Phase:
        body = text.body
        if isinstance(body, Verify):
            return replace(phase, goal=body.goal, tries=body.tries, every_ns=body.every_ns)
        if isinstance(body, Wait):
            return replace(phase, for_ns=body.for_ns)
        if isinstance(body, Alert):
            return replace(phase, level=body.level, text=body.text)
        if isinstance(body, Run):
            return self._run(phase, body, text.name, frame, then)
        return self._working(phase, body, frame, ("phases", text.name, phase.kind.value))

    def _working(self, phase: Phase, body: Rest | Take | Arm | Clear, frame: Frame, route: Route) -> Phase:
        ground = frame.ground
        jobs: tuple[Job, ...]
        if isinstance(body, Rest):
            return self._rest(replace(phase, jobs=rest_jobs(body, ground, route)), body, frame, route)
        if isinstance(body, Take):
            assert body.type is not None, "a take without a type is skipped"
            jobs = take_jobs(body, body.type, ground, route)
        elif isinstance(body, Arm):
            jobs = arm_jobs(body, ground, route)
        else:
            jobs = clear_jobs(body, ground, route)
        return replace(phase, jobs=jobs)

    def _rest(self, phase: Phase, body: Rest, frame: Frame, route: Route) -> Phase:
        phase = replace(phase, for_ns=body.for_ns, first_fill=body.first_fill)
        if body.reprice is None:
            return phase
        return replace(
            phase,
            reprice_beyond=to_limit(body.reprice.beyond, frame.findings, (*route, "reprice")),
            reprice_every_ns=body.reprice.every_ns,
            reprice_max=body.reprice.max,
        )

    def _run(self, phase: Phase, body: Run, name: str, frame: Frame, then: dict[Outcome, Target]) -> Phase:
        route: Route = ("phases", name, "run")
        found = self._find(body, frame, route)
        if found is None:
            return phase
        policy, findings = found
        legs = self._legs(body, policy, frame, route)
        if frame.ground.closing and policy.intent not in CLOSING:
            ours, theirs = frame.policy.intent.value, policy.intent.value
            text = f"`{policy.name}` has intent {theirs}: it could add risk inside a {ours}"
            frame.findings.error("DNK223", text, route, "run a policy with intent close, unwind or flatten")
        if not policy.phases or legs is None or self._is_too_large(policy, frame, route):
            return phase
        to = then[Outcome.HALT]
        sub = self._scope(
            policy,
            findings,
            legs,
            caller=frame,
            name=phase.name,
            ends={end: then[outcome] for end, outcome in _ENDS.items()},
            halt_to=frame.halt_to if to.kind is TargetKind.HALT else to,
        )
        return replace(phase, enters=sub.index, start=sub.order[0])

    def _is_too_large(self, policy: Policy, frame: Frame, route: Route) -> bool:
        """Policies that run policies that run policies double with every step."""
        if len(self.phases) + len(policy.phases) <= PHASES_MAX:
            return False
        text = f"with `{policy.name}` in place the policy has more than {PHASES_MAX:,} phases"
        frame.findings.error("DNK016", text, route, "run fewer policies")
        return True

    def _find(self, body: Run, frame: Frame, route: Route) -> tuple[Policy, Findings] | None:
        answer = self._look_up(body, frame, route)
        policy, help = policy_of(answer)
        name = policy.name if policy else body.policy
        if name in frame.trail:
            trail = " -> ".join((*frame.trail, name))
            frame.findings.error("DNK221", f"a policy cannot run itself: {trail}", route, "break the circle")
            return None
        if policy is None and body.set and policy_of(self.library(body.policy))[0] is not None:
            text = f"`{body.policy}` cannot run with what is set here"
            frame.findings.error("DNK225", text, (*route[:-1], "set"), help)
            return None
        if policy is None:
            frame.findings.no_policy(body.policy, route, help)
            return None
        if answer is None or isinstance(answer, Policy):
            return policy, self.findings.beside(policy.name, {})
        self.findings.files |= answer.files
        return policy, self.findings.beside(policy.name, answer.spans)

    def _look_up(self, body: Run, frame: Frame, route: Route) -> "Policy | LoadedPolicy | None":
        if not body.set:
            return self.library(body.policy)
        if self.configured is None:
            frame.findings.error(
                "DNK225", "parameters of a sub-policy cannot be set here", route, "drop `set`"
            )
            return None
        return self.configured(body.policy, dict(body.set))

    def _legs(self, body: Run, policy: Policy, frame: Frame, route: Route) -> dict[str, int] | None:
        given, known = dict(body.legs), tuple(leg.name for leg in policy.legs)
        for name in given:
            if name not in known:
                text = f"`{policy.name}` has no leg `{name}`"
                frame.findings.error("DNK222", text, route, did_you_mean(name, known))
        legs = {name: given.get(name, name) for name in known}
        for name, ours in legs.items():
            if ours not in frame.ground.legs:
                text = f"leg `{name}` of `{policy.name}` stands for `{ours}`, which is no leg here"
                help = f"write `with: {{{name}: LEG}}`, LEG one of {', '.join(frame.ground.legs)}"
                frame.findings.error("DNK222", text, route, help)
        if not set(given) <= set(known) or not set(legs.values()) <= set(frame.ground.legs):
            return None
        return {name: frame.ground.legs[ours] for name, ours in legs.items()}
