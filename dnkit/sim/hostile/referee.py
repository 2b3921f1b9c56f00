"""Judges a run by what the venues truly hold: every order as it is sent, every change of a position, the end.

Nothing of it is asked of the engine but what it says of the end, and which prices it was shown.
"""

from collections import deque
from collections.abc import Iterator, Mapping
from typing import Protocol

import msgspec
from msgspec.structs import replace

from dnkit.engine.exposure import amount_lots, exposure_per_lot, lots_min, net, net_money, tolerance
from dnkit.engine.state import Leg, State
from dnkit.machine.program import Job, Phase, Program, SizeKind
from dnkit.market.leg_book import LegBook
from dnkit.model import commands as cm
from dnkit.model.capabilities import Capabilities
from dnkit.model.numbers import ceil_div, plain
from dnkit.model.terms import BUILDING, CLOSING, STOPS, Intent, OrderType
from dnkit.sim.hostile.ends import Held, end_breaks
from dnkit.sim.hostile.exchange import Exchange
from dnkit.venues.base import Request

KEPT_MAX = 8
OFF_MAX = 2  # an order priced more than that many times off the true mid
DRIFT = 105  # percent: a clip in money is counted at the price of another moment


RULES: Mapping[str, str] = {
    "every wait ends": "the run ends within an hour and 20,000 steps of its own clock",
    "no bug": "the engine finds nothing wrong with itself",
    "named end": "the end has a name",
    "flat means flat": "what is called flat is too little to trade, on every leg",
    "hedged means hedged": "what is called hedged nets to less than the venues let trade",
    "protected is covered": "what is called protected has a stop at the venue for all of it",
    "idle is untouched": "what is called idle holds what it held at the start",
    "ledger is the truth": "unless the risk is called unknown, the ledger is what the venue holds",
    "nothing left resting": "no order may still fill, but for a kept stop, what a halt names, and what a "
    "venue that is down holds",
    "honest halt": "a halt paged a human",
    "exposure bound": "no leg goes beyond the clip or what evens out another; no rebalance overshoots",
    "never through zero": "nothing that closes passes through zero or grows",
    "no order above what remains": "no order is larger than what is truly left to do",
    "one order a leg": "no order is sent while another one of that leg may still fill",
    "reduce-only": "every order that is to reduce says so, where the venue takes the flag",
    "allowed types": "no order is of a type that the policy forbids or does not ask for, no market order",
    "no price off a bad print": "no order is priced at more than twice or less than half of the true mid",
    "request budget": "no venue gets more calls than its facts allow in their window",
    "the journal replays": "the lines give the same states and the same requests again",
}


class Violation(msgspec.Struct, frozen=True):
    """Something that may never happen: which rule, when in the run, and how it was."""

    rule: str
    at_ns: int
    text: str


class LineView(Protocol):
    """What a referee looks at of a line."""

    exchange: Exchange
    told: tuple[int, int, int] | None

    def on_the_way(self) -> list[cm.PlaceOrder]: ...


class WorldView(Protocol):
    """What a referee looks at of a world."""

    program: Program
    books: tuple[LegBook, ...]
    began_ns: int
    stuck: str

    @property
    def lines(self) -> tuple[LineView, ...]: ...
    @property
    def state(self) -> State: ...
    def now(self) -> int: ...
    @property
    def era(self) -> int: ...
    @property
    def returned_ns(self) -> int: ...
    def starting(self) -> tuple[int, ...]: ...
    def is_down(self, leg: int) -> bool: ...
    def replay_differs(self) -> str: ...


class Referee:
    """`violations` in order of time. `naked_ns` is the longest true time naked, `unhedged` the most true net
    exposure in picos of money, `requests` how many went out.
    """

    def __init__(self, world: WorldView, capabilities: Mapping[str, Capabilities]) -> None:
        self.violations: list[Violation] = []
        self.naked_ns = self.unhedged = self.requests = 0
        self.alarms = 0
        self._world = world
        self._program = world.program
        self._capabilities = capabilities
        self._calls: dict[str, deque[int]] = {}
        self._naked_since = 0
        self._clips = self._true_clips()
        self._moves = [0] * len(world.program.legs)

    # --- requests -------------------------------------------------------------------------------------

    def sent(self, asked: Request) -> None:
        """A request left the process."""
        self.called(asked.leg)
        if isinstance(asked, cm.PlaceOrder):
            self._look()  # a run that begins naked has moved nothing yet
            for rule, text in self._order_breaks(asked):
                self.note(rule, f"{self._words(asked)}: {text}")

    def called(self, leg: int) -> None:
        """A call to a leg's venue left the process."""
        self.requests += 1
        self._count(leg)

    def alerted(self, asked: cm.SendAlert) -> None:
        """An alert was tried."""
        self.alarms += asked.level == "page"

    def note(self, rule: str, text: str) -> None:
        """Keep what is wrong, not all of a flood. `rule` is one of RULES."""
        assert rule in RULES, f"`{rule}` is no rule"
        if len(self.violations) < KEPT_MAX:
            self.violations.append(Violation(rule, self._world.now() - self._world.began_ns, text))

    def _count(self, leg: int) -> None:
        facts = self._capabilities[self._program.legs[leg].instrument.venue]
        calls, now = self._calls.setdefault(facts.venue, deque()), self._world.now()
        calls.append(now)
        while calls[0] <= now - facts.rate_window_ns:
            calls.popleft()
        if len(calls) == facts.rate_calls + 1:
            self.note("request budget", f"more than {facts.rate_calls} calls to {facts.venue} in its window")

    def _order_breaks(self, order: cm.PlaceOrder) -> Iterator[tuple[str, str]]:
        spec, phase = self._program.legs[order.leg], self._phase(order)
        jobs = [job for job in phase.jobs if job.leg < 0 or job.leg == order.leg]
        meant = [job for job in jobs if spec.sends(job.type) is order.type]
        if (
            not meant
            or order.type in self._forbidden(phase)
            or all(one.type in self._forbidden(phase) for one in meant)
        ):
            yield "allowed types", f"the policy allows no {order.type.value} order there"
        reduces = self._reduces(phase, meant)
        if reduces and order.type in spec.flags and not order.reduce_only:
            yield "reduce-only", "it is to reduce and does not say so"
        yield from self._one_order(order)
        yield from self._size(order, meant, reduces)
        yield from self._price(order)

    def _phase(self, order: cm.PlaceOrder) -> Phase:
        name = order.reason.rpartition("#")[0]
        return next(one for one in self._program.phases if one.name == name)

    def _reduces(self, phase: Phase, jobs: list[Job]) -> bool:
        closes = self._program.scopes[phase.scope].intent in CLOSING
        return closes or (bool(jobs) and all(job.reduces for job in jobs))

    def _forbidden(self, phase: Phase) -> set[OrderType]:
        scope, found = phase.scope, set[OrderType]()
        while scope >= 0:
            found.update(self._program.scopes[scope].limits.forbid)
            scope = self._program.scopes[scope].parent
        return found

    def _one_order(self, order: cm.PlaceOrder) -> Iterator[tuple[str, str]]:
        line = self._world.lines[order.leg]
        stop = order.type in STOPS
        for other in (*line.exchange.resting(), *line.on_the_way()):
            if (other.type in STOPS) is stop:
                yield "one order a leg", f"order {other.order} may still fill"

    def _size(self, order: cm.PlaceOrder, jobs: list[Job], reduces: bool) -> Iterator[tuple[str, str]]:
        """No order above what the truth leaves to do. What a liquidation took is not known at once."""
        exchange = self._world.lines[order.leg].exchange
        if exchange.liquidated_ns:
            return
        if reduces and order.lots > max(0, -order.side * exchange.position):
            yield (
                "no order above what remains",
                f"the venue holds {self._quantity(order.leg, exchange.position)}",
            )
        elif not reduces and any(job.size is SizeKind.CLIP for job in jobs):
            after = abs(exchange.position + order.side * order.lots - self._world.starting()[order.leg])
            if after > self._most(order.leg):
                yield (
                    "no order above what remains",
                    f"with it {self._quantity(order.leg, after)} would be traded",
                )

    def _price(self, order: cm.PlaceOrder) -> Iterator[tuple[str, str]]:
        book = self._world.books[order.leg]
        twice, price = book.bid + book.ask, 2 * order.price
        if book.bid and book.ask and (price > OFF_MAX * twice or price * OFF_MAX < twice):
            yield "no price off a bad print", f"the true mid is {self._price_words(order.leg, twice)}"

    # --- positions ------------------------------------------------------------------------------------

    def moved(self) -> None:
        """A true position changed."""
        self._look()
        for rule, text in self._position_breaks():
            self.note(rule, text)

    def _look(self) -> None:
        """Measure what is open now."""
        legs = self._true_legs()
        if legs is None:
            return
        now, program = self._world.now(), self._program
        self.unhedged = max(self.unhedged, net_money(program, legs))
        self.close()
        naked = abs(net(program, legs)) >= tolerance(program, legs)
        self._naked_since = (self._naked_since or now) if naked else 0

    def close(self) -> None:
        """Count the time naked up to now."""
        if self._naked_since:
            self.naked_ns = max(self.naked_ns, self._world.now() - self._naked_since)

    def _true_legs(self) -> tuple[Leg, ...] | None:
        """The legs as the engine knows them, at the positions that are true."""
        legs = self._world.state.legs
        if not all(leg.known and leg.bid for leg in legs):
            return None
        pairs = zip(legs, self._world.lines, strict=True)
        return tuple(replace(leg, position=line.exchange.position) for leg, line in pairs)

    def _position_breaks(self) -> Iterator[tuple[str, str]]:
        if any(line.exchange.liquidated_ns for line in self._world.lines):
            return
        positions, starts = self.positions(), self._world.starting()
        intent = self._program.intent
        for index, (lots, start) in enumerate(zip(positions, starts, strict=True)):
            if intent in CLOSING and (lots * start < 0 or abs(lots) > abs(start)):
                yield "never through zero", f"{self._held(index, lots)} after {self._quantity(index, start)}"
            elif intent in BUILDING and abs(lots - start) > self._most(index):
                yield "exposure bound", f"{self._held(index, lots)}, beyond its clip"
        if intent is Intent.REBALANCE:
            yield from self._overshoot(positions, starts)

    def _overshoot(self, positions: tuple[int, ...], starts: tuple[int, ...]) -> Iterator[tuple[str, str]]:
        legs = self._at_book()
        before = net(
            self._program, [replace(leg, position=lots) for leg, lots in zip(legs, starts, strict=True)]
        )
        after = net(
            self._program, [replace(leg, position=lots) for leg, lots in zip(legs, positions, strict=True)]
        )
        if before * after < 0 and abs(after) >= tolerance(self._program, legs):
            yield "exposure bound", "the pair is uneven the other way"

    def _at_book(self) -> tuple[Leg, ...]:
        """Legs at the books as they truly are."""
        return tuple(
            Leg(bid=book.bid, ask=book.ask, least=lots_min(spec.instrument, book.bid, book.ask))
            for spec, book in zip(self._program.legs, self._world.books, strict=True)
        )

    def positions(self) -> tuple[int, ...]:
        """What the venues hold."""
        return tuple(line.exchange.position for line in self._world.lines)

    def _true_clips(self) -> tuple[int, ...]:
        pairs = zip(self._program.legs, self._at_book(), strict=True)
        return tuple(amount_lots(spec, leg, spec.clip) * DRIFT // 100 for spec, leg in pairs)

    def _most(self, index: int) -> int:
        """Lots a leg may move: its clip, or what evens out the clip of another one."""
        legs, program = self._at_book(), self._program
        units = [exposure_per_lot(program, spec, leg) for spec, leg in zip(program.legs, legs, strict=True)]
        others = (ceil_div(clip * unit, units[index]) for clip, unit in zip(self._clips, units, strict=True))
        return max(others)

    # --- the end --------------------------------------------------------------------------------------

    def at_end(self) -> None:
        """The run has ended, or is given up."""
        self.close()
        world = self._world
        if world.stuck:
            self.note("every wait ends", world.stuck)
            return
        for rule, text in end_breaks(world.state, self._program, self._legs_held(), self.alarms):
            self.note(rule, text)

    def after(self) -> None:
        """What was on the wire at the end has arrived."""
        world = self._world
        if world.stuck:
            if not any(one.rule == "every wait ends" for one in self.violations):
                self.note("no bug", world.stuck)
            return
        differs = world.replay_differs()
        if differs:
            self.note("the journal replays", differs)
        ended = world.state.ended
        if ended is None or ended.risk.value == "unknown":
            return
        for held in self._legs_held():
            if held.resting and not held.down and not held.named(ended.text):
                self.note(
                    "nothing left resting", f"{held.words}: order {held.resting[0]} rests after the end"
                )

    def _legs_held(self) -> tuple[Held, ...]:
        return tuple(self._held_of(index) for index in range(len(self._program.legs)))

    def _held_of(self, index: int) -> Held:
        world, line = self._world, self._world.lines[index]
        leg, book = world.state.legs[index], world.books[index]
        kept = leg.stop.n if leg.stop is not None else 0
        open_orders = (*line.exchange.resting(), *line.on_the_way())
        return Held(
            name=self._program.legs[index].name,
            words=self._held(index, line.exchange.position),
            lots=line.exchange.position,
            start=world.starting()[index],
            least=lots_min(self._program.legs[index].instrument, book.bid, book.ask),
            resting=tuple(one.order for one in open_orders if one.order != kept),
            stops=tuple(one for one in open_orders if one.order == kept),
            down=world.is_down(index),
            blind=self._is_blind(line),
        )

    def _is_blind(self, line: LineView) -> bool:
        """Whether the venue took a position away and has told something else since, or nothing yet. A process
        that came back after that has to ask.
        """
        world, taken_ns = self._world, line.exchange.liquidated_ns
        if not taken_ns:
            return False
        if line.told is None or line.told[0] != world.era:
            return world.returned_ns <= taken_ns
        _, lots, as_of_ns = line.told
        return lots != line.exchange.position or as_of_ns < taken_ns

    # --- words ----------------------------------------------------------------------------------------

    def _quantity(self, index: int, lots: int) -> str:
        instrument = self._program.legs[index].instrument
        return f"{plain(instrument.quantity(lots))} {instrument.base}"

    def _held(self, index: int, lots: int) -> str:
        return f"leg {self._program.legs[index].name} holds {self._quantity(index, lots)}"

    def _price_words(self, index: int, twice: int) -> str:
        return plain(self._program.legs[index].instrument.tick * twice / 2)

    def _words(self, order: cm.PlaceOrder) -> str:
        way = "buy" if order.side > 0 else "sell"
        spec = self._program.legs[order.leg]
        price = plain(spec.instrument.price(order.price))
        what = f"order {order.order} of leg {spec.name} ({order.reason})"
        return f"{what} to {way} {self._quantity(order.leg, order.lots)} {order.type.value} at {price}"
