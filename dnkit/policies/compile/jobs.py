"""Phase bodies -> jobs: what each leg does, with types checked against venues and limits."""

import msgspec

from dnkit.machine.program import (
    NO_LIMIT,
    PICK_MISSING,
    PICK_SMALLER,
    Amount,
    Anchor,
    Job,
    LegSpec,
    Limits,
    PriceRule,
    SizeKind,
)
from dnkit.model.terms import CLOSING, Intent, OrderType
from dnkit.policies.compile.units import through_touch, to_amount, to_limit, to_rule, with_distance
from dnkit.policies.diagnostics import did_you_mean
from dnkit.policies.findings import Findings, Route
from dnkit.policies.policy import Arm, Clear, Rest, Size, Take

_PICKS = {"missing": PICK_MISSING, "smaller": PICK_SMALLER}
_SIZES = {
    "clip": SizeKind.CLIP,
    "imbalance": SizeKind.IMBALANCE,
    "missing": SizeKind.IMBALANCE,
    "position": SizeKind.POSITION,
}
AT_TOUCH = PriceRule(Anchor.TOUCH)


class Ground(msgspec.Struct, frozen=True, kw_only=True):
    """What the jobs of one scope stand on.

    `specs` and `types` (order types of the venue) are by leg index; `legs` maps the scope's leg names to
    indexes.
    """

    specs: tuple[LegSpec, ...]
    types: tuple[tuple[OrderType, ...], ...]
    legs: dict[str, int]
    limits: Limits
    intent: Intent
    findings: Findings

    @property
    def closing(self) -> bool:
        """Whether every order of the scope may only reduce."""
        return self.intent in CLOSING

    def leg(self, name: str, route: Route) -> int:
        """Index of a leg by name, or the code of a picked leg."""
        if name in _PICKS:
            return _PICKS[name]
        if name not in self.legs:
            self.findings.error("DNK102", f"there is no leg `{name}`", route, did_you_mean(name, self.legs))
            return 0
        return self.legs[name]

    def indexes(self, leg: int) -> tuple[int, ...]:
        """The legs a job may fall on: one, or all for a picked leg."""
        return (leg,) if leg >= 0 else tuple(self.legs.values())


def rest_jobs(body: Rest, ground: Ground, route: Route) -> tuple[Job, ...]:
    """One job per leg; its single rung is the resting price."""
    rung = to_rule(body.at, ground.findings, (*route, "at"))
    return tuple(_rest_job(body, name, rung, ground, route) for name in body.legs)


def _rest_job(body: Rest, name: str, rung: PriceRule, ground: Ground, route: Route) -> Job:
    leg = ground.leg(name, route)
    check_type(body.type, leg, ground, route)
    size, amount = _size(body.qty, leg, ground, (*route, "qty"))
    return Job(
        leg=leg,
        size=size,
        amount=amount,
        type=body.type,
        rungs=(rung,),
        reduces=body.reduce_only or ground.closing,
        rejects=body.rejects,
    )


def take_jobs(body: Take, type: OrderType, ground: Ground, route: Route) -> tuple[Job, ...]:
    """One job per leg with the same ladder. A MARKET without a ladder is one order at its cap."""
    cap = _cap(body, type, ground, route)
    rungs = tuple(to_rule(rung, ground.findings, (*route, "ladder", n)) for n, rung in enumerate(body.ladder))
    if not rungs:
        rungs = (AT_TOUCH if cap == NO_LIMIT else through_touch(cap),)
    return tuple(_take_job(body, name, type, rungs, cap, ground, route) for name in body.legs)


def _take_job(
    body: Take,
    name: str,
    type: OrderType,
    rungs: tuple[PriceRule, ...],
    cap: int,
    ground: Ground,
    route: Route,
) -> Job:
    leg = ground.leg(name, route)
    check_type(type, leg, ground, route)
    size, amount = _size(body.qty, leg, ground, (*route, "qty"))
    return Job(
        leg=leg,
        size=size,
        amount=amount,
        type=type,
        rungs=rungs,
        cap=cap,
        reduces=body.reduce_only or ground.closing,
    )


def _cap(body: Take, type: OrderType, ground: Ground, route: Route) -> int:
    cap = to_limit(body.cap, ground.findings, (*route, "cap"))
    if type is not OrderType.MARKET or cap != NO_LIMIT:
        return cap
    if ground.limits.concession_max == NO_LIMIT and not body.ladder:
        text = "a market order needs a worst price: it may not walk the whole book"
        ground.findings.error(
            "DNK412", text, (*route, "type"), "write `cap: 15bps`, or set limits.max_concession"
        )
    return ground.limits.concession_max


def arm_jobs(body: Arm, ground: Ground, route: Route) -> tuple[Job, ...]:
    """The protective stop: trigger on the losing side of the entry, limit through the trigger."""
    leg = ground.leg(body.leg, route)
    type = OrderType.STOP if body.limit is None else OrderType.STOP_LIMIT
    check_type(type, leg, ground, route)
    size, amount = _size(body.qty, leg, ground, (*route, "qty"))
    findings = ground.findings
    stop = with_distance(PriceRule(Anchor.ENTRY, -1), body.stop, findings, (*route, "stop"))
    limit = PriceRule(Anchor.STOP, 1)
    rungs = () if body.limit is None else (with_distance(limit, body.limit, findings, (*route, "limit")),)
    return (
        Job(
            leg=leg,
            size=size,
            amount=amount,
            type=type,
            rungs=rungs,
            stop=stop,
            reduces=body.reduce_only or ground.closing,
            rejects=body.tries,
        ),
    )


def clear_jobs(body: Clear, ground: Ground, route: Route) -> tuple[Job, ...]:
    """The leg to clear; size and type say nothing here, for no order is sent."""
    leg = ground.leg(body.leg, route)
    return (Job(leg=leg, size=SizeKind.POSITION, type=OrderType.GTC, reduces=True),)


def _size(size: Size, leg: int, ground: Ground, route: Route) -> tuple[SizeKind, Amount]:
    if size.amount is not None:
        instruments = tuple(ground.specs[one].instrument for one in ground.indexes(leg))
        return SizeKind.FIXED, to_amount(size.amount, instruments, ground.findings, route)
    kind = _SIZES[size.word]
    if kind is SizeKind.CLIP and ground.closing:
        text = f"a policy with intent {ground.intent.value} cannot trade the clip: that would open a position"
        ground.findings.error("DNK224", text, route, "write `qty: position`")
    return kind, Amount()


def check_type(type: OrderType, leg: int, ground: Ground, route: Route) -> None:
    """Findings where the type is forbidden, or a venue the job may fall on does not have it."""
    place = (*route, "type")
    if type in ground.limits.forbid:
        text = f"order type {type.value} is forbidden by the limits in force here"
        ground.findings.error("DNK411", text, place, "use another type, or take it out of `limits.forbid`")
    for index in ground.indexes(leg):
        types, venue = ground.types[index], ground.specs[index].instrument.venue
        if type not in types and not (type is OrderType.MARKET and OrderType.IOC in types):
            text = f"{venue} has no order type {type.value}: it would be refused, and the leg left as it is"
            ground.findings.error("DNK503", text, place, _instead(type, types))


def _instead(type: OrderType, types: tuple[OrderType, ...]) -> str:
    if type is OrderType.FOK and OrderType.IOC in types:
        return "use ioc: at the same price it fills whenever a fok would"
    if type is OrderType.STOP and OrderType.STOP_LIMIT in types:
        return "give the stop a limit: `limit: 10bps through stop`"
    return f"it has: {', '.join(one.value for one in types)}"
