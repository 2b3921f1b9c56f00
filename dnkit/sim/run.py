"""Runs a scenario through the real `step` on a virtual clock, from 0 ns on."""

from functools import partial

import msgspec

from dnkit.engine.exposure import net_money
from dnkit.engine.state import State
from dnkit.engine.step import begin, step
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.numbers import MBPS_ONE, NS_PER_S
from dnkit.sim.agenda import NEVER, Agenda, Due
from dnkit.sim.scenario import Crash, Scenario, Wake, When
from dnkit.sim.truth import Truth
from dnkit.sim.venue import Venues

RUN_ID = "scenario"
LONGEST_NS = 24 * 3600 * NS_PER_S
STEPS_MAX = 50_000
LAST = 2**31  # what is due at one moment comes before the wake-up of that moment

Line = tuple[ev.Event, tuple[cm.Command, ...], State]


class Gauge(msgspec.Struct):
    """How much was truly unhedged: the `most` in picos, and the longest time above `limit`.

    `since_ns` is when it last rose above it, -1 while it is not.
    """

    limit: int
    most: int = 0
    longest_ns: int = 0
    since_ns: int = -1


class Ran(msgspec.Struct):
    """A run of a scenario. `ended` None: it did not come to an end. `paid` is the farthest an order of each
    leg was priced through the touch, in mbps; `phases` were entered in that order.
    """

    scenario: Scenario
    truth: Truth
    venues: Venues
    gauge: Gauge
    state: State
    lines: list[Line]
    paid: list[int]
    phases: list[int]
    wakes: list[Wake]
    now: int = 0

    @property
    def ended(self) -> cm.EndRun | None:
        return self.state.ended

    def commands(self) -> list[cm.Command]:
        """All requests in order."""
        return [one for _, commands, _ in self.lines for one in commands]

    def orders(self) -> list[cm.PlaceOrder]:
        """All orders in order."""
        return [one for one in self.commands() if isinstance(one, cm.PlaceOrder)]


def run(scenario: Scenario) -> Ran:
    """The run from its first event to its end, or until it is clear that it has none."""
    program, legs = scenario.program, len(scenario.program.legs)
    truth, agenda = Truth(program, scenario.starts), Agenda()
    venues = Venues(scenario, truth, agenda)
    limit = scenario.expect.unhedged[0] if scenario.expect.unhedged else 0
    ran = Ran(scenario, truth, venues, Gauge(limit), begin(program, RUN_ID), [], [0] * legs, [], [])
    ran.wakes += scenario.wakes
    _put_on(scenario, agenda)
    _feed(ran, ev.Started(0, scenario.ledger, scenario.entry))
    while ran.ended is None and ran.now < LONGEST_NS and len(ran.lines) < STEPS_MAX:
        _advance(ran, agenda)
    return ran


def _put_on(scenario: Scenario, agenda: Agenda) -> None:
    """What the operator and the machine do."""
    for crash in scenario.crashes:
        back = When(at_ns=crash.at_ns + crash.down_ns, nth=crash.nth)
        agenda.add(back, 0, 0, ev.Restarted, direct=False)
    for stop in scenario.stops:
        agenda.add(When(at_ns=stop.at_ns, nth=stop.nth), 0, 0, partial(ev.StopAsked, why=stop.why))
    for wish in scenario.wishes:
        agenda.add(When(at_ns=wish.at_ns, nth=wish.nth), 0, 0, wish.event)


def _advance(ran: Ran, agenda: Agenda) -> None:
    """The next thing that happens: what is on the agenda, or the deadline the engine asked to be woken at."""
    wake, head = _wake(ran), agenda.head()
    if head <= wake:
        due = agenda.pop()
        ran.now = due.at_ns
        event = due.happen(ran.now)
        if event is not None and not _dies(ran.scenario.crashes, due):
            _feed(ran, event)
        elif event is not None:
            _note_dead(ran, event)
    else:
        _use(ran.wakes, ran.state.wake_ns)
        ran.now = max(ran.now, wake[0])
        _feed(ran, ev.Woken(ran.now))
    _measure(ran)


def _wake(ran: Ran) -> tuple[int, int]:
    """When the bot wakes up, and its place among what else comes then; never while its process is dead."""
    wake_ns = ran.state.wake_ns
    if wake_ns is None:
        return (NEVER, 0)
    for one in ran.wakes:
        if one.due_ns == wake_ns:
            return (one.at_ns, one.nth)
    dead = any(_is_dead(one, max(wake_ns, ran.now)) for one in ran.scenario.crashes)
    return (NEVER, 0) if dead else (wake_ns, LAST)


def _use(wakes: list[Wake], due_ns: int | None) -> None:
    """Every wake-up of the script happens once."""
    used = next((one for one in wakes if one.due_ns == due_ns), None)
    if used is not None:
        wakes.remove(used)


def _is_dead(crash: Crash, now: int) -> bool:
    return crash.at_ns <= now < crash.at_ns + crash.down_ns


def _dies(crashes: tuple[Crash, ...], due: Due) -> bool:
    """Whether what happens is heard by nobody: the process is dead, or the call it answers was of its earlier
    life.
    """
    for crash in crashes:
        if _is_dead(crash, due.at_ns):
            return True
        if due.direct and not due.fixed and due.asked_ns < crash.at_ns <= due.at_ns:
            return True
    return False


def _note_dead(ran: Ran, event: ev.Event) -> None:
    leg = getattr(event, "leg", None)
    where = "" if leg is None else f"leg {ran.scenario.program.legs[leg].name}: "
    what = "a fill" if isinstance(event, ev.OrderFilled) else "an answer"
    ran.venues.unheard.append((ran.now, f"{where}{what} finds the process dead"))


def _feed(ran: Ran, event: ev.Event) -> None:
    before = ran.state
    ran.state, commands = step(ran.scenario.program, before, event)
    ran.lines.append((event, commands, ran.state))
    ran.phases += _entered(before, ran.state)
    for command in commands:
        if isinstance(command, cm.PlaceOrder):
            _note_price(ran, command)
        ran.venues.answer(command, ran.now)


def _entered(before: State, after: State) -> list[int]:
    """Indexes of phases that were entered in a step, where the run stands last."""
    pairs = enumerate(zip(before.visits, after.visits, strict=True))
    entered = [index for index, (old, new) in pairs if new > old]
    return sorted(entered, key=lambda index: index == after.phase)


def _note_price(ran: Ran, order: cm.PlaceOrder) -> None:
    bid, ask = ran.venues.touches[order.leg]
    touch = ask if order.side > 0 else bid
    if touch and not order.stop:
        through = order.side * (order.price - touch) * MBPS_ONE // touch
        ran.paid[order.leg] = max(ran.paid[order.leg], through)


def _measure(ran: Ran) -> None:
    """Note how much is truly unhedged now."""
    legs = ran.state.legs
    if not all(leg.known for leg in legs):
        return
    true_legs = [
        msgspec.structs.replace(leg, position=lots)
        for leg, lots in zip(legs, ran.truth.positions, strict=True)
    ]
    gauge, money = ran.gauge, net_money(ran.scenario.program, true_legs)
    gauge.most = max(gauge.most, money)
    if money > gauge.limit and gauge.since_ns < 0:
        gauge.since_ns = ran.now
    if gauge.since_ns >= 0:
        gauge.longest_ns = max(gauge.longest_ns, ran.now - gauge.since_ns)
    if money <= gauge.limit:
        gauge.since_ns = -1
