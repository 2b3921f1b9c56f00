"""A clip that its own first fill takes past `max_unhedged`."""

from collections.abc import Iterator

from dnkit.machine.program import Amount, LegSpec, Program
from dnkit.model.numbers import MBPS_ONE
from dnkit.model.terms import Intent
from dnkit.policies.diagnostics import Diagnostic
from dnkit.policies.explain.words import show_money, target_words
from dnkit.policies.findings import Route
from dnkit.policies.rules.subject import Subject
from dnkit.policies.unit_texts import show_time

CODE = "DNK439"


def check(subject: Subject) -> Iterator[Diagnostic]:
    """An open of two legs with a clip in money above the money that may be unhedged."""
    program = subject.program
    if program is None or program.intent is not Intent.OPEN or len(program.legs) == 1:
        return
    limits = program.scopes[0].limits
    places = {_place(subject, leg): _at_once(program, leg) for leg in program.legs}
    for route, money in places.items():
        if 0 <= limits.unhedged_max < money:
            to = f" ({target_words(program, limits.unhedged_to)})" if limits.unhedged_to else ""
            said = (
                f"the first fill alone can leave {show_money(money)} unhedged, above the limit of "
                f"{show_money(limits.unhedged_max)}: the hedge has {show_time(limits.unhedged_ns)} until it "
                f"cuts in{to}"
            )
            where = subject.related("the limit", "limits", "max_unhedged", "amount")
            yield subject.finding(CODE, said, *route, related=(where,))


def _place(subject: Subject, leg: LegSpec) -> Route:
    """Where the clip of a leg is written."""
    own: Route = ("legs", leg.name, "clip")
    return own if subject.bound.has(*own) else ("size", "target") if subject.policy.size else ("clip",)


def _at_once(program: Program, leg: LegSpec) -> int:
    """Picos of money one order can fill; 0 where the clip is not in money."""
    part = program.slice_size or Amount()
    share = leg.clip.money * part.clip_mbps // MBPS_ONE
    return (
        min((one for one in (leg.clip.money, part.money, share) if one), default=0) if leg.clip.money else 0
    )
