"""What the table of keys cannot say: legs and phases belong together, orders keep the limits, closes
only reduce."""

from decimal import Decimal

from dnkit.machine.program import Anchor, PhaseKind
from dnkit.model.terms import EndName
from dnkit.policies.bind import Bound
from dnkit.policies.check_guard import check_guard
from dnkit.policies.diagnostics import WARNING, Related, did_you_mean
from dnkit.policies.flow import check_flow, kind_of
from dnkit.policies.keys import KINDS
from dnkit.policies.policy import Distance, PriceText

CLOSING = ("close", "unwind", "flatten")
WORKING = (PhaseKind.REST, PhaseKind.TAKE)
LEG_WORDS = ("missing", "smaller")
LEGS_MAX = 2
_WRITTEN = {"limit": "gtc"}


def check(bound: Bound) -> None:
    """Add a finding for everything that is wrong between keys."""
    _check_legs(bound)
    if bound.of("intent") == "guard":
        check_guard(bound)
        _refuse(bound, ("phases", "recover", "slice", "size", "stop"), "a guard has rules, not phases")
        return
    _refuse(bound, ("watch", "rules"), "only `intent: guard` watches")
    if not bound.names("phases") and not bound.has("phases"):
        bound.say(
            "DNK104", "the policy has no `phases`", bound.place(), "add `phases:` with at least one phase"
        )
    elif not bound.names("phases"):
        bound.say("DNK104", "`phases` has no phase", bound.place("phases"), "add one, such as `verify:`")
    for phase in bound.names("phases"):
        _check_phase(bound, phase)
    check_flow(bound)
    _check_backoff(bound)
    _check_vain(bound)


def _refuse(bound: Bound, keys: tuple[str, ...], why: str) -> None:
    for one in keys:
        if bound.has(one):
            bound.say(
                "DNK118", f"`{one}` does not go with `intent: {bound.of('intent')}`", bound.place(one), why
            )


def _check_legs(bound: Bound) -> None:
    legs = bound.names("legs")
    if bound.has("legs") and not 1 <= len(legs) <= LEGS_MAX:
        bound.say("DNK120", f"a policy has one or two legs, this one has {len(legs)}", bound.place("legs"))


def _check_backoff(bound: Bound) -> None:
    first, most = bound.of("backoff", "first"), bound.of("backoff", "most")
    if first is not None and most is not None and first > most:
        bound.say("DNK031", "the first pause is longer than the longest", bound.place("backoff", "first"))


def _check_vain(bound: Bound) -> None:
    """Warn of keys that cannot do anything without another one."""
    stale = bound.of("data", "bbo", "stale")
    if stale not in (None, "hold") and not bound.has("data", "bbo", "max_age"):
        said = f"`stale: {stale}` without `max_age`: no book is ever too old"
        bound.say("DNK209", said, bound.place("data", "bbo", "stale"), "add `max_age: 1s`", severity=WARNING)
    if bound.of("keeps") and not any(_ends_protected(bound, one) for one in bound.names("phases")):
        said = "`keeps: [stop]`, but no phase ends in `done protected`: no stop is ever kept"
        bound.say(
            "DNK208", said, bound.place("keeps"), "delete it, or end in `done protected`", severity=WARNING
        )


def _ends_protected(bound: Bound, phase: str) -> bool:
    targets = [bound.of("phases", phase, "then", one) for one in bound.names("phases", phase, "then")]
    return any(one is not None and one.end is EndName.PROTECTED for one in targets)


def _check_phase(bound: Bound, phase: str) -> None:
    if not bound.below.get(("phases", phase)) and ("phases", phase) not in bound.below:
        return  # its shape is wrong, and said so
    kinds = [one for one in KINDS if bound.has("phases", phase, one)]
    kind = kind_of(bound, phase)
    if kind is None:
        said = f"`{phase}` does {' and '.join(kinds)}" if kinds else f"`{phase}` does nothing"
        place = bound.place("phases", phase, kinds[1]) if kinds else bound.place("phases", phase)
        bound.say("DNK204", said, place, f"a phase has exactly one of: {', '.join(KINDS)}")
        return
    _check_skip(bound, phase, kind)
    _check_run_keys(bound, phase, kind)
    _check_leg_names(bound, phase, kind)
    if kind in WORKING:
        _check_one_or_both(bound, phase, kind)
    _check_orders(bound, phase, kind)


def _check_skip(bound: Bound, phase: str, kind: PhaseKind) -> None:
    if bound.of("phases", phase, "skip") and kind not in WORKING:
        help_text = (
            "without it nothing would show how the run ended"
            if kind is PhaseKind.VERIFY
            else "only rest and take can be"
        )
        bound.say(
            "DNK206", f"a `{kind.value}` cannot be skipped", bound.place("phases", phase, "skip"), help_text
        )


def _check_run_keys(bound: Bound, phase: str, kind: PhaseKind) -> None:
    for key in ("with", "set"):
        if bound.has("phases", phase, key) and kind is not PhaseKind.RUN:
            bound.say("DNK118", f"`{key}` goes with `run` only", bound.place("phases", phase, key))


def _check_leg_names(bound: Bound, phase: str, kind: PhaseKind) -> None:
    legs = bound.names("legs")
    routes: list[tuple[str | int, ...]] = [("phases", phase, kind.value, "leg")]
    routes += [
        ("phases", phase, kind.value, "legs", one)
        for one in range(bound.count("phases", phase, kind.value, "legs"))
    ]
    routes += [("phases", phase, "with", one) for one in bound.names("phases", phase, "with")]
    for route in routes:
        node = bound.nodes.get(route)
        picks = kind in WORKING and route[-1] == "leg" and len(legs) == LEGS_MAX
        known = (*legs, *LEG_WORDS) if picks else legs
        if node is not None and node.text and node.text not in known:
            bound.say("DNK102", f"there is no leg `{node.text}`", node.span, did_you_mean(node.text, known))


def _check_one_or_both(bound: Bound, phase: str, kind: PhaseKind) -> None:
    here = ("phases", phase, kind.value)
    one, both = bound.has(*here, "leg"), bound.has(*here, "legs")
    if one and both:
        bound.say(
            "DNK117",
            "`leg` and `legs` at once",
            bound.place(*here, "legs"),
            "`legs: [a, b]` for both, else `leg: a`",
        )
    elif not one and not both and here in bound.below:
        bound.say(
            "DNK117",
            f"`{kind.value}` names no leg",
            bound.place(*here),
            "add `leg:`, or `legs:` for both at once",
        )
    names = bound.values.get((*here, "legs"), ())
    if (
        both
        and (len(dict.fromkeys(names)) != LEGS_MAX or len(names) != LEGS_MAX)
        and (*here, "legs") in bound.values
    ):
        bound.say(
            "DNK123",
            "`legs` names two different legs",
            bound.place(*here, "legs"),
            "for one leg write `leg:`",
        )


def _check_orders(bound: Bound, phase: str, kind: PhaseKind) -> None:
    here = ("phases", phase, kind.value)
    if kind is PhaseKind.ARM:
        stop_type = "stop_limit" if bound.has(*here, "limit") else "stop"
        _check_forbidden(bound, stop_type, here)
    elif kind in WORKING:
        written = bound.of(*here, "type")
        if written is not None:
            _check_forbidden(bound, written, (*here, "type"))
    _check_reduce_only(bound, here)
    if kind is PhaseKind.TAKE:
        _check_take(bound, here)
    elif kind is PhaseKind.REST and isinstance(bound.of(*here, "at"), PriceText):
        _within_concession(bound, bound.of(*here, "at"), (*here, "at"))


def _check_forbidden(bound: Bound, written: str, route: tuple[str, ...]) -> None:
    type_name = _WRITTEN.get(written, written)
    forbidden = bound.of("limits", "forbid") or ()
    for index, one in enumerate(forbidden):
        if _WRITTEN.get(one, one) == type_name:
            where = Related(bound.place("limits", "forbid", index), "forbidden here")
            bound.say("DNK411", f"`{written}` orders are forbidden", bound.place(*route), related=(where,))


def _check_reduce_only(bound: Bound, here: tuple[str, ...]) -> None:
    if bound.of("intent") in CLOSING and bound.values.get((*here, "reduce_only")) is False:
        said = f"orders of `intent: {bound.of('intent')}` are reduce-only"
        bound.say(
            "DNK415", said, bound.place(*here, "reduce_only"), "delete the line; it is added for every order"
        )


def _check_take(bound: Bound, here: tuple[str, ...]) -> None:
    written, ladder = bound.of(*here, "type"), bound.has(*here, "ladder")
    concession = bound.of("limits", "max_concession")
    if written in ("ioc", "fok"):
        if not ladder:
            bound.say(
                "DNK416", f"`{written}` has no prices", bound.place(*here), "add `ladder: [2bps, 5bps]`"
            )
        if bound.has(*here, "cap"):
            bound.say(
                "DNK416",
                "`cap` goes with `type: market`",
                bound.place(*here, "cap"),
                "the last rung bounds the price",
            )
    if written == "market" and ladder:
        bound.say(
            "DNK416",
            "a market order has no ladder",
            bound.place(*here, "ladder"),
            "write `cap: 15bps` instead",
        )
    if written == "market" and concession is not None and not bound.has(*here, "cap"):
        where = Related(bound.place("limits", "max_concession"), "this limit must hold")
        bound.say(
            "DNK412",
            "a market order without `cap`",
            bound.place(*here, "type"),
            "add `cap:` within max_concession",
            related=(where,),
        )
    _check_ladder(bound, (*here, "ladder"))
    cap = bound.of(*here, "cap")
    if cap is not None:
        _within_concession(bound, PriceText(Anchor.TOUCH, "through", cap), (*here, "cap"))


def _check_ladder(bound: Bound, route: tuple[str, ...]) -> None:
    rungs = bound.values.get(route)
    if rungs is None:
        return
    if not rungs:
        bound.say(
            "DNK416", "the ladder has no rung", bound.place(*route), "write at least one: `ladder: [5bps]`"
        )
    for index, rung in enumerate(rungs):
        _within_concession(bound, rung, (*route, index))
        if index and not _grows(rungs[index - 1], rung):
            said = "each rung must reach farther than the one before"
            bound.say(
                "DNK413", said, bound.place(*route, index), "order the ladder from passive to aggressive"
            )


def _grows(before: PriceText, after: PriceText) -> bool:
    """True as well where two rungs cannot be compared without a market (other anchor, other unit)."""
    if before.anchor is not after.anchor:
        return True
    one, two = signed(before), signed(after)
    if one.unit == two.unit or not one.amount or not two.amount or (one.amount < 0) != (two.amount < 0):
        return one.amount < two.amount
    return True


def signed(price: PriceText) -> Distance:
    """Distance toward the aggressive side; negative when inside."""
    if price.distance is None:
        return Distance(Decimal(0), "bps")
    return Distance(
        -price.distance.amount if price.direction == "inside" else price.distance.amount, price.distance.unit
    )


def _within_concession(bound: Bound, price: PriceText, route: tuple[str | int, ...]) -> None:
    limit = bound.of("limits", "max_concession")
    distance = price.distance
    if limit is None or distance is None or price.anchor is not Anchor.TOUCH or price.direction != "through":
        return
    if distance.unit == limit.unit and distance.amount > limit.amount:
        where = Related(bound.place("limits", "max_concession"), "the limit")
        bound.say("DNK414", "this price goes beyond max_concession", bound.place(*route), related=(where,))
