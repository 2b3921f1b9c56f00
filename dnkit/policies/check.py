"""What the table of keys cannot say: which keys go together, which legs and phases there are."""

from dnkit.machine.program import PhaseKind
from dnkit.policies.bind import Bound
from dnkit.policies.check_guard import check_guard
from dnkit.policies.flow import check_flow, kind_of
from dnkit.policies.keys import KINDS
from dnkit.policies.source import shown

CLOSING = ("close", "unwind", "flatten")
GUARD_ONLY = ("watch", "rules")
NO_GUARD = ("phases", "recover", "slice", "size", "stop")  # keys that a guard does not have
WORKING = (PhaseKind.REST, PhaseKind.TAKE)
LEG_WORDS = ("missing", "smaller")
LEGS_MAX = 2


def check(bound: Bound) -> None:
    """Add a finding for everything that is wrong between keys."""
    _check_legs(bound)
    if bound.of("intent") == "guard":
        check_guard(bound)
        _refuse(bound, NO_GUARD, "a guard has rules, not phases")
        return
    _refuse(bound, GUARD_ONLY, "only `intent: guard` watches")
    _check_any_phase(bound)
    for phase in bound.names("phases"):
        _check_phase(bound, phase)
    check_flow(bound)
    _check_backoff(bound)


def _refuse(bound: Bound, keys: tuple[str, ...], why: str) -> None:
    for one in keys:
        if bound.has(one):
            said = f"`{one}` does not go with `intent: {bound.of('intent')}`: it would never act"
            bound.say("DNK118", said, bound.place(one), why)


def _check_any_phase(bound: Bound) -> None:
    if not bound.has("phases"):
        said = "the policy has no `phases`: it would send no order"
        bound.say("DNK104", said, bound.place(), "add `phases:` with at least one phase")
    elif not bound.names("phases"):
        said = "`phases` has no phase: the policy would send no order"
        bound.say("DNK104", said, bound.place("phases"), "add one, such as `verify:`")


def _check_legs(bound: Bound) -> None:
    legs = bound.names("legs")
    if bound.has("legs") and not 1 <= len(legs) <= LEGS_MAX:
        cost = "what one leg more trades would have no hedge" if legs else "there is nothing to trade"
        said = f"a policy has one or two legs, this one has {len(legs)}: {cost}"
        bound.say("DNK120", said, bound.place("legs"))


def _check_backoff(bound: Bound) -> None:
    first, most = bound.of("backoff", "first"), bound.of("backoff", "most")
    if first is not None and most is not None and first > most:
        said = "the first pause is longer than the longest: calls would wait longer than they may"
        bound.say("DNK031", said, bound.place("backoff", "first"))


def _check_phase(bound: Bound, phase: str) -> None:
    if not bound.below.get(("phases", phase)) and ("phases", phase) not in bound.below:
        return  # its shape is wrong, and said so
    kinds = [one for one in KINDS if bound.has("phases", phase, one)]
    kind = kind_of(bound, phase)
    if kind is None:
        both = f"`{phase}` does {' and '.join(kinds)}: which of them trades first is not said"
        said = both if kinds else f"`{phase}` does nothing: no order and no check"
        place = bound.place("phases", phase, kinds[1]) if kinds else bound.place("phases", phase)
        bound.say("DNK204", said, place, f"a phase has exactly one of: {', '.join(KINDS)}")
        return
    _check_skip(bound, phase, kind)
    _check_run_keys(bound, phase, kind)
    _check_leg_names(bound, phase, kind)
    if kind in WORKING:
        _check_one_or_both(bound, phase, kind)
    if kind is PhaseKind.TAKE:
        _check_prices(bound, phase)


def _check_skip(bound: Bound, phase: str, kind: PhaseKind) -> None:
    if bound.of("phases", phase, "skip") and kind not in WORKING:
        blind = ": a position left open would go unseen" if kind is PhaseKind.VERIFY else ""
        said = f"a `{kind.value}` cannot be skipped{blind}"
        bound.say("DNK206", said, bound.place("phases", phase, "skip"), "only rest and take can be")


def _check_run_keys(bound: Bound, phase: str, kind: PhaseKind) -> None:
    for key in ("with", "set"):
        if bound.has("phases", phase, key) and kind is not PhaseKind.RUN:
            said = f"`{key}` goes with `run` only: here it would never act"
            bound.say("DNK118", said, bound.place("phases", phase, key))


def _check_leg_names(bound: Bound, phase: str, kind: PhaseKind) -> None:
    legs = dict.fromkeys(bound.names("legs"))
    routes: list[tuple[str | int, ...]] = [("phases", phase, kind.value, "leg")]
    routes += [
        ("phases", phase, kind.value, "legs", one)
        for one in range(bound.count("phases", phase, kind.value, "legs"))
    ]
    routes += [("phases", phase, "with", one) for one in bound.names("phases", phase, "with")]
    for route in routes:
        node = bound.nodes.get(route)
        picks = kind in WORKING and route[-1] == "leg" and len(legs) == LEGS_MAX
        known = {**legs, **dict.fromkeys(LEG_WORDS)} if picks else legs
        if node is not None and node.text and node.text not in known:
            more = bound.near(node, node.text, known)
            said = f"there is no leg `{shown(node.text)}` to send an order for"
            bound.say("DNK102", said, node.span, **more)


def _check_one_or_both(bound: Bound, phase: str, kind: PhaseKind) -> None:
    here = ("phases", phase, kind.value)
    one, both = bound.has(*here, "leg"), bound.has(*here, "legs")
    if one and both:
        bound.say(
            "DNK117",
            "`leg` and `legs` at once: an order for one leg, or for both?",
            bound.place(*here, "legs"),
            "`legs: [a, b]` for both, else `leg: a`",
        )
    elif not one and not both and here in bound.below:
        bound.say(
            "DNK117",
            f"`{kind.value}` names no leg: no order could be sent",
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
            "`legs` must name two different legs: the same one twice would be filled twice",
            bound.place(*here, "legs"),
            "for one leg write `leg:`",
        )


def _check_prices(bound: Bound, phase: str) -> None:
    """A take has a ladder or a cap, as its type wants."""
    here = ("phases", phase, "take")
    written, ladder, cap = bound.of(*here, "type"), bound.has(*here, "ladder"), bound.has(*here, "cap")
    if written in ("ioc", "fok") and not ladder:
        said = f"`{written}` has no prices: nothing says how far it may go"
        bound.say("DNK416", said, bound.place(*here), "add `ladder: [2bps, 5bps]`")
    if written in ("ioc", "fok") and cap:
        said = f"`cap` goes with `type: market`; it does not bound `{written}`"
        bound.say("DNK416", said, bound.place(*here, "cap"), "the last rung bounds the price")
    if written == "market" and ladder:
        said = "a market order climbs no ladder: what bounds its price is `cap`"
        help = "delete the ladder" if cap else "write `cap: 15bps` instead"
        bound.say("DNK416", said, bound.place(*here, "ladder"), help)
    if bound.values.get((*here, "ladder")) == ():
        said = "the ladder has no rung: nothing would be sent"
        bound.say("DNK416", said, bound.place(*here, "ladder"), "write at least one: `ladder: [5bps]`")
