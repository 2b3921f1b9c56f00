"""Policy -> Program. The only place where defaults are filled in; every finding carries its place in the
text.

What makes a policy safe is not written here and cannot be written away: cancel-and-confirm, look-up of
unsure orders, sizing from the ledger, reduce-only, two witnesses and the last sweep belong to the engine.
The program adds one phase of its own, `reduce`: a close that loses track of an order on one leg first takes
the healthy legs to zero.
"""

from collections.abc import Mapping

import msgspec

from dnkit.machine.program import (
    NO_LIMIT,
    OUTCOMES,
    Amount,
    Job,
    LegSpec,
    Outcome,
    Phase,
    PhaseKind,
    Program,
    Scope,
    SizeKind,
    SizeMode,
    with_digest,
)
from dnkit.model.numbers import MBPS_PER_BPS, NS_PER_S
from dnkit.model.terms import CLOSING, Intent, OrderType
from dnkit.policies.compile.frame import Configured, Frame, Library, halt
from dnkit.policies.compile.guard import GuardTable, compile_guard
from dnkit.policies.compile.legs import Venues, compile_legs
from dnkit.policies.compile.phases import Builder
from dnkit.policies.compile.units import through_touch, to_amount, to_limit
from dnkit.policies.diagnostics import Diagnostic, Span, in_order
from dnkit.policies.findings import Findings, Names, Route
from dnkit.policies.policy import LimitsText, Policy

REDUCE_BOUND = 50 * MBPS_PER_BPS  # how far the last reduction may reach where the policy bounds nothing
REDUCE_STEPS = 3


class Compiled(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a policy: a program, or the rule table of a guard, or neither; and the findings in order.

    `files` has the texts of sub-policies by path, for excerpts of findings that point into them.
    """

    program: Program | None = None
    guard: GuardTable | None = None
    diagnostics: tuple[Diagnostic, ...] = ()
    files: Mapping[str, str] = {}


def compile_policy(
    policy: Policy,
    *,
    venues: Venues,
    library: Library,
    spans: Mapping[Route, Span] | None = None,
    configured: Configured | None = None,
    names: Names = tuple,
) -> Compiled:
    """Compile a policy against the facts of its venues; never raises for what a policy may contain.

    `library` finds sub-policies by name; `configured` does so with parameters set (for `run` with `set`).
    `spans` places findings in the text; without it they stand at the start of the file. `names()` are the
    policies there are, for a name that was likely meant.
    """
    findings = Findings(_path(policy, spans), spans, names)
    specs = compile_legs(policy, venues, findings)
    _check_venues(policy, venues, findings)
    program, guard = None, None
    if specs is not None and policy.intent is Intent.GUARD:
        guard = compile_guard(policy, specs, library, findings)
    elif specs is not None:
        program = _program(policy, specs, venues, library, configured, findings)
    failed = findings.failed
    return Compiled(
        program=None if failed else program,
        guard=None if failed else guard,
        diagnostics=in_order(findings.items),
        files=findings.files,
    )


def _path(policy: Policy, spans: Mapping[Route, Span] | None) -> str:
    place = (spans or {}).get(())
    return place.path if place else policy.name


def _program(
    policy: Policy,
    specs: tuple[LegSpec, ...],
    venues: Venues,
    library: Library,
    configured: Configured | None,
    findings: Findings,
) -> Program | None:
    if not policy.phases:
        findings.error("DNK104", "the policy has no phases", (), "write `phases:`")
        return None
    types = tuple(venues[leg.venue].types for leg in policy.legs)
    builder = Builder(specs, types, library, configured, findings)
    frame = builder.root(policy)
    phases = [one for one in builder.phases if one is not None]
    scopes = tuple(one for one in builder.scopes if one is not None)
    reduce = _reduce_phase(frame, scopes[0], types, policy.limits)
    return with_digest(
        Program(
            name=policy.name,
            intent=policy.intent,
            legs=specs,
            scopes=scopes,
            phases=(*phases, reduce) if reduce else tuple(phases),
            start=frame.order[0],
            recover=_recover(policy, frame),
            relative=policy.intent is Intent.OPEN,
            by_money=_by_money(policy, specs, findings),
            stop_to=frame.target(policy.stop) if policy.stop else halt("stopped by the operator"),
            reduce=len(phases) if reduce else -1,
            slice_size=_slice(policy, specs, findings),
            impact_max=_impact(policy, findings),
            size_mode=policy.size.mode if policy.size else SizeMode.CONSERVATIVE,
        )
    )


def _by_money(policy: Policy, specs: tuple[LegSpec, ...], findings: Findings) -> bool:
    """Whether legs are compared by value; two coins leave no choice."""
    coins = sorted({leg.instrument.base for leg in specs})
    if len(coins) > 1 and policy.imbalance == "base":
        text = f"{' and '.join(coins)} cannot be compared by quantity"
        findings.error("DNK433", text, ("imbalance",), "write `imbalance: notional`")
    by_money = len(coins) > 1 or policy.imbalance == "notional"
    for leg in policy.legs:
        if leg.ratio != 1 and not by_money:
            text = "`ratio` does not act here: legs of one coin are compared by quantity"
            route = ("legs", leg.name, "ratio")
            findings.info("DNK603", text, route, "write `imbalance: notional` to weigh them by value")
    return by_money


def _recover(policy: Policy, frame: Frame) -> int:
    """The phase to go to after a crash; without a word on it, the first that looks before it acts."""
    if policy.recover:
        if policy.recover in frame.places:
            return frame.places[policy.recover]
        frame.findings.error("DNK101", f"there is no phase `{policy.recover}`", ("recover",))
    looks = (at for at, one in zip(frame.order, policy.phases, strict=True) if hasattr(one.body, "goal"))
    return next(looks, frame.order[0])


def _slice(policy: Policy, specs: tuple[LegSpec, ...], findings: Findings) -> Amount | None:
    if policy.slice is None:
        return None
    return to_amount(policy.slice, tuple(leg.instrument for leg in specs), findings, ("slice",))


def _impact(policy: Policy, findings: Findings) -> int:
    """The tighter of `limits.max_impact` and the one inside `size`."""
    bounds = [to_limit(policy.limits.max_impact, findings, ("limits", "max_impact"))]
    if policy.size is not None:
        bounds.append(to_limit(policy.size.impact_max, findings, ("size", "impact")))
    return min((one for one in bounds if one != NO_LIMIT), default=NO_LIMIT)


def _reduce_phase(
    frame: Frame, scope: Scope, types: tuple[tuple[OrderType, ...], ...], limits: LimitsText
) -> Phase | None:
    """The added phase of a close: every leg toward zero with immediate orders, inside the policy's own
    bounds.
    """
    if scope.intent not in CLOSING:
        return None
    usable = [type for type in (OrderType.IOC, OrderType.FOK) if type not in limits.forbid]
    type = next((one for one in usable if all(one in venue for venue in types)), None)
    if type is None:
        return None
    bound = REDUCE_BOUND if scope.limits.concession_max == NO_LIMIT else scope.limits.concession_max
    rungs = tuple(through_touch(bound * step // REDUCE_STEPS) for step in range(1, REDUCE_STEPS + 1))
    jobs = tuple(
        Job(leg=leg, size=SizeKind.POSITION, type=type, rungs=rungs, reduces=True) for leg in scope.legs
    )
    outcomes = (*OUTCOMES[PhaseKind.TAKE], Outcome.EXHAUSTED)
    then = tuple(
        (outcome, halt("order state unknown; the healthy legs were reduced")) for outcome in outcomes
    )
    return Phase(name="reduce", line=0, kind=PhaseKind.TAKE, scope=0, visits=1, then=then, jobs=jobs)


def _check_venues(policy: Policy, venues: Venues, findings: Findings) -> None:
    for leg in policy.legs:
        venue = venues.get(leg.venue)
        if venue is None:
            continue
        if policy.deadman_ns is not None and venue.deadman == "none":
            text = f"{venue.venue} has no dead man's switch: orders fill unhedged if this process dies"
            findings.warning("DNK505", text, ("deadman",), "keep `for` short on that leg")
        rate = policy.limits.rate
        if rate is not None and rate.calls * venue.rate_window_ns > venue.rate_calls * rate.per_ns:
            seconds = venue.rate_window_ns // NS_PER_S
            text = (
                f"{venue.venue} allows {venue.rate_calls} calls per {seconds}s, less than declared here: "
                "what is refused may be the cancel that was needed"
            )
            findings.error("DNK504", text, ("limits", "rate"), "declare a lower rate")
