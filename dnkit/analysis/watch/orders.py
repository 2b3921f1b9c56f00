"""Every order that is sent, held against program and venues: P08 to P12."""

from collections.abc import Iterator

from dnkit.analysis.watch.truth import Truth
from dnkit.analysis.world import Fate, Placed
from dnkit.engine.exposure import amount_lots
from dnkit.machine.program import Job, LegSpec, Phase, SizeKind
from dnkit.model.commands import PlaceOrder
from dnkit.model.terms import CLOSING, STOPS, OrderType

Found = Iterator[tuple[str, str]]  # property and what is wrong


def order_breaks(truth: Truth, sent: PlaceOrder) -> Found:
    """What is wrong with an order, given the state right after it was sent."""
    program, spec = truth.ground.program, truth.ground.program.legs[sent.leg]
    name = sent.reason.rpartition("#")[0]
    phase = next(one for one in program.phases if one.name == name)
    jobs = [job for job in phase.jobs if job.leg < 0 or job.leg == sent.leg]
    meant = [job for job in jobs if _sends(spec, job) is sent.type]
    earlier = _unsettled(truth, sent)
    what = _words(truth, sent)
    if not meant:
        yield "P08", f"{what} is sent and `{name}` asks for no such order"
    if _is_forbidden(truth, phase, sent, meant):
        yield "P08", f"{what} is sent and its type is forbidden"
    closing = program.scopes[phase.scope].intent in CLOSING
    if not sent.reduce_only and sent.type in spec.flags and (closing or any(job.reduces for job in jobs)):
        yield "P09", f"{what} is to reduce and is sent without reduce-only"
    left = max((_left(truth, phase, job, sent) for job in meant or jobs), default=0)
    if sent.lots > left:
        yield "P10", f"{what} is sent where {truth.words(sent.leg, max(0, left))} is left to do"
    for other in earlier:
        if other.fate is not Fate.SHUT:
            yield "P11", f"{what} is sent while {truth.order_words(sent.leg, other)} works"
        yield "P12", f"{what} is sent and it is not known what became of a {other.type.value} order there"


def _words(truth: Truth, sent: PlaceOrder) -> str:
    way, lots = "buy" if sent.side > 0 else "sell", truth.words(sent.leg, sent.lots)
    return f"a {sent.type.value} order on leg {truth.name(sent.leg)} to {way} {lots}"


def _sends(spec: LegSpec, job: Job) -> OrderType:
    """The type a job's orders go out with: a market order is an IOC where the venue has none."""
    if job.type is OrderType.MARKET and not spec.market_native:
        return OrderType.IOC
    return job.type


def _is_forbidden(truth: Truth, phase: Phase, sent: PlaceOrder, jobs: list[Job]) -> bool:
    """Whether the type is, where the phase stands, by its policy or any that called it; a market order also
    where it is sent as an IOC.
    """
    scopes, scope, forbidden = truth.ground.program.scopes, phase.scope, set[OrderType]()
    while scope >= 0:
        forbidden.update(scopes[scope].limits.forbid)
        scope = scopes[scope].parent
    return sent.type in forbidden or (bool(jobs) and all(job.type in forbidden for job in jobs))


def _unsettled(truth: Truth, sent: PlaceOrder) -> list[Placed]:
    """Earlier orders of the leg that the venue has not told the end of. A kept stop is none, but for the next
    stop.
    """
    orders = sorted(truth.world.legs[sent.leg].orders, key=lambda one: one.n)[:-1]
    kept = 0 if sent.type in STOPS else truth.kept(sent.leg)
    return [one for one in orders if one.n != kept]


# --- what is left to do -----------------------------------------------------------------------------


def _left(truth: Truth, phase: Phase, plan: Job, sent: PlaceOrder) -> int:
    """The most lots a job may still trade the way that order goes, as far as fills were told."""
    side = int(sent.side)
    rooms = []
    for position in truth.told(sent.leg):
        room = side * _wanted(truth, phase, plan, sent, position)
        rooms.append(min(room, max(0, -side * position)) if plan.reduces else room)
    return max(rooms)


def _wanted(truth: Truth, phase: Phase, plan: Job, sent: PlaceOrder, position: int) -> int:
    """Signed lots from where the leg is to where the job wants it."""
    index = sent.leg
    if plan.size is SizeKind.IMBALANCE:
        return _to_even(truth, index, int(sent.side), position)
    if plan.size is SizeKind.FIXED:
        return _of_amount(truth, phase, plan, index, position)
    start, part = truth.state.legs[index].start, _slices(truth, index)
    if plan.size is SizeKind.CLIP:
        whole = truth.ground.legs[index].whole
        return start + truth.ground.program.legs[index].side * min(whole, part or whole) - position
    goal = max(0, abs(start) - part) * (1 if start > 0 else -1) if part else 0
    return goal - position


def _slices(truth: Truth, index: int) -> int:
    """Lots of the slices begun so far, 0 where the program has none."""
    size = truth.ground.program.slice_size
    if size is None:
        return 0
    lots = amount_lots(truth.ground.program.legs[index], truth.state.legs[index], size)
    return lots * (truth.state.slice_no + 1)


def _to_even(truth: Truth, index: int, side: int, position: int) -> int:
    """Lots that even the pair out on that side, at whatever the other leg was told to hold."""
    bounds = [truth.told(other) for other in range(len(truth.world.legs))]
    bounds[index] = (position, position)
    low, high = truth.net(tuple(bounds))
    excess = max(0, -low if side > 0 else high)
    return side * (excess // truth.per_lot(index))


def _of_amount(truth: Truth, phase: Phase, plan: Job, index: int, position: int) -> int:
    """What is missing of a fixed amount since the phase was entered."""
    spec = truth.ground.program.legs[index]
    slots = zip(phase.jobs, truth.state.jobs, strict=False)
    base = next((job.base for one, job in slots if one is plan and job.leg == index), position)
    side = (-1 if base > 0 else 1) if plan.reduces else int(spec.side)
    whole = amount_lots(spec, truth.state.legs[index], plan.amount)
    return side * max(0, whole - side * (position - base))
