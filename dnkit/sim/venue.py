"""The venues of a scenario: every request of the engine gets the answer its script has for it, else the true
one.
"""

from collections.abc import Sequence
from functools import partial

from msgspec.structs import replace

from dnkit.engine.orders import IMMEDIATE
from dnkit.machine.program import Program
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.numbers import plain
from dnkit.model.terms import EndKind
from dnkit.sim.agenda import Agenda, Happening
from dnkit.sim.facts import play, true_cancel, true_find
from dnkit.sim.scenario import (
    EVERY,
    SOON,
    UNSET,
    AlertTold,
    Book,
    Delivery,
    PositionTold,
    Reply,
    Scenario,
    Script,
    SweepTold,
    Swept,
    Told,
    When,
    Word,
)
from dnkit.sim.truth import Key, Standing, Truth

Call = cm.CancelOrder | cm.FindOrder | cm.ReadPosition | cm.SweepOrders
PLENTY = 10**9  # lots
MUCH = 10**30  # picos of money
NO_SCRIPT = Script()
LASTS = (Word.REJECTED, Word.ENDED, Word.LOST, Word.SILENT)
QUIET = (Word.LOST, Word.SILENT)
ON_CALL = (Word.ACCEPTED, Word.REJECTED, Word.LOST)  # answers on the call itself; the rest comes by stream
RIGHT = PositionTold(Told.RIGHT)
ALL_SWEPT = SweepTold(Swept.RIGHT)
SENT = AlertTold(Delivery.SENT)
NO_BOOK = Book(missing="no book yet")


class Venues:
    """All legs' venues. `unheard` are (ns, text) of what the bot is never told."""

    def __init__(self, scenario: Scenario, truth: Truth, agenda: Agenda) -> None:
        legs = len(scenario.program.legs)
        self.scenario = scenario
        self.truth = truth
        self.agenda = agenda
        self.unheard: list[tuple[int, str]] = []
        self.touches: list[tuple[int, int]] = [(0, 0)] * legs
        self._asked: dict[tuple[type, int, int], int] = {}
        for leg, told in enumerate(scenario.unasked):
            for one in told:
                self._add(one.when, 0, partial(self._position, leg, 0, one), direct=False)

    @property
    def program(self) -> Program:
        """The program that runs."""
        return self.scenario.program

    def answer(self, command: cm.Command, now: int) -> None:
        """Put on what comes of a request."""
        if isinstance(command, cm.SendAlert):
            self._alert(command, now)
        elif isinstance(command, cm.PlaceOrder):
            self._place(command, now)
        elif isinstance(command, cm.ReadBook):
            self._look(command, now)
        elif not isinstance(command, cm.EndRun) and not self.is_down(command.leg, now):
            self._call(command, now)

    def is_down(self, leg: int, now: int) -> bool:
        """Whether the venue of a leg can be reached."""
        return any(one.covers(now) for one in self.scenario.downs[leg])

    def _call(self, command: Call, now: int) -> None:
        if isinstance(command, cm.CancelOrder):
            self._cancel(command, now)
        elif isinstance(command, cm.FindOrder):
            self._find(command, now)
        elif isinstance(command, cm.ReadPosition):
            self._read(command, now)
        else:
            self._sweep(command, now)

    def _add(self, when: When, now: int, happen: Happening, *, direct: bool = True) -> None:
        self.agenda.add(when, now, now + self.scenario.latency_ns, happen, direct=direct)

    # --- orders ---

    def _place(self, order: cm.PlaceOrder, now: int) -> None:
        replies, takes = self._replies(order), order.type in IMMEDIATE
        down = self.is_down(order.leg, now)
        standing = self.truth.place(order, now, arrived=not down and all(one.arrived for one in replies))
        if down:
            self._unheard(standing, "never arrives: the venue is down", now)
            return
        at_ns = now + self.scenario.latency_ns
        for reply in replies:
            happen = partial(self._play, standing, reply, takes and reply.word in QUIET)
            at_ns = self.agenda.add(reply.when, now, at_ns, happen, direct=reply.word in ON_CALL)
        if takes and not any(one.word in LASTS for one in replies):
            self.agenda.add(SOON, now, at_ns, partial(self._expire, standing), direct=False)

    def _replies(self, order: cm.PlaceOrder) -> Sequence[Reply]:
        placed = self._script((order.leg, order.order)).placed
        if placed is not None:
            return placed
        return self.scenario.taking if order.type in IMMEDIATE else self.scenario.resting

    def _script(self, key: Key) -> Script:
        scripts = self.scenario.scripts
        return scripts.get(key) or scripts.get((key[0], EVERY)) or NO_SCRIPT

    def _play(self, standing: Standing, reply: Reply, shuts: bool, now: int) -> ev.Event | None:
        """A scripted reply; `shuts`: the order is over with it, told or not."""
        before = standing.cum
        event = play(self.truth, standing, reply, self.book_at(standing.order.leg, now), now)
        if shuts:
            standing.live = False
        if standing.cum > before and (event is None or self.is_down(standing.order.leg, now)):
            quantity = self.program.legs[standing.order.leg].instrument.quantity(standing.cum)
            self._unheard(standing, f"has filled {plain(quantity)} in all", now)
        return None if self.is_down(standing.order.leg, now) else event

    def _expire(self, standing: Standing, now: int) -> ev.Event | None:
        expired = Reply(word=Word.ENDED, end=EndKind.EXPIRED)
        return self._play(standing, expired, True, now) if standing.live else None

    def _cancel(self, command: cm.CancelOrder, now: int) -> None:
        key = (command.leg, command.order)
        standing, reply = self.truth.orders[key], self._script(key).cancel.pick(self._nth(command))
        if reply is None:
            self._add(SOON, now, partial(self._truly_cancelled, standing))
            return
        if reply.part is not None:
            race = replace(reply, word=Word.FILLED)
            self._add(reply.when, now, partial(self._play, standing, race, False), direct=False)
            reply = replace(reply, part=None)
        shuts = reply.word in QUIET and reply.arrived
        self._add(reply.when, now, partial(self._play, standing, reply, shuts))

    def _truly_cancelled(self, standing: Standing, now: int) -> ev.Event | None:
        tells_total = self.program.legs[standing.order.leg].cancel_cum
        return self._play(standing, true_cancel(standing, tells_total=tells_total), False, now)

    def _find(self, command: cm.FindOrder, now: int) -> None:
        key = (command.leg, command.order)
        standing, reply = self.truth.orders[key], self._script(key).find.pick(self._nth(command))

        def found(at: int) -> ev.Event | None:
            event = self._play(standing, reply or true_find(standing), False, at)
            return replace(event, request=command.request) if isinstance(event, ev.OrderFound) else event

        self._add(SOON if reply is None else reply.when, now, found)

    def _nth(self, command: cm.Command) -> int:
        """How many requests of that kind about the same order or leg came before."""
        about = (type(command), getattr(command, "leg", 0), getattr(command, "order", 0))
        number = self._asked[about] = self._asked.get(about, -1) + 1
        return number

    def _unheard(self, standing: Standing, text: str, now: int) -> None:
        order = standing.order
        self.unheard.append((now, f"leg {self.program.legs[order.leg].name}: order {order.order} {text}"))

    # --- legs ---

    def _read(self, command: cm.ReadPosition, now: int) -> None:
        told = self.scenario.positions[command.leg].pick(self._nth(command)) or RIGHT
        self._add(told.when, now, partial(self._position, command.leg, command.request, told))

    def _position(self, leg: int, request: int, told: PositionTold, now: int) -> ev.Event | None:
        if told.word is Told.SILENT or self.is_down(leg, now):
            return None
        lots, as_of_ns = self._said(leg, told, now)
        return ev.PositionRead(now, leg, request, lots, as_of_ns if told.as_of_ns == UNSET else told.as_of_ns)

    def _said(self, leg: int, told: PositionTold, now: int) -> tuple[int | None, int]:
        """Lots and the moment they are said to be of."""
        if told.word is Told.ERROR:
            return None, now
        if told.word is Told.IS:
            return told.lots, now
        changes = self.truth.changes[leg]
        if told.word is Told.RIGHT or not changes:
            return self.truth.positions[leg], now
        changed_ns, before = changes[-1]
        return before, now if told.word is Told.OLD else changed_ns - 1

    def _sweep(self, command: cm.SweepOrders, now: int) -> None:
        told = self.scenario.sweeps[command.leg].pick(self._nth(command)) or ALL_SWEPT
        self._add(told.when, now, partial(self._swept, command, told))

    def _swept(self, command: cm.SweepOrders, told: SweepTold, now: int) -> ev.Event | None:
        if told.word is Swept.SILENT or self.is_down(command.leg, now):
            return None
        if told.word is Swept.ERROR:
            return ev.OrdersSwept(now, command.leg, command.request, False, 0)
        listed = told.found if told.word is Swept.FOUND else None
        swept = self.truth.sweep(command.leg, command.keep, listed)
        found = swept if listed is None else listed
        return ev.OrdersSwept(now, command.leg, command.request, True, found)

    def _alert(self, command: cm.SendAlert, now: int) -> None:
        told = self.scenario.alerts.pick(self._nth(command)) or SENT
        if told.word is not Delivery.SILENT:
            ok = told.word is Delivery.SENT
            self._add(told.when, now, lambda at: ev.AlertSent(at, command.request, ok))

    # --- books ---

    def _look(self, command: cm.ReadBook, now: int) -> None:
        told = self.scenario.looks[command.leg].pick(self._nth(command))
        when = SOON if told is None else told.when
        self.agenda.add(when, now, now, partial(self._seen, command, told))

    def _seen(self, asked: cm.ReadBook, told: Book | None, now: int) -> ev.Event | None:
        book = told or self.book_at(asked.leg, now)
        if book.silent:
            return None
        if told is None and self.is_down(asked.leg, now):
            return ev.BookMissing(now, asked.leg, asked.request, "the venue is down")
        if book.missing:
            return ev.BookMissing(now, asked.leg, asked.request, book.missing)
        self.touches[asked.leg] = (book.bid, book.ask)
        return read(book, asked, now)

    def book_at(self, leg: int, now: int) -> Book:
        """The book of a leg at that time of the run."""
        books = self.scenario.books[leg]
        return next((one for one in reversed(books) if one.when.at_ns <= now), NO_BOOK)


def read(book: Book, asked: cm.ReadBook, now: int) -> ev.BookRead:
    """A book as it looks to the taker who asks."""
    size = book.ask_lots if asked.side > 0 else book.bid_lots
    touch = book.ask if asked.side > 0 else book.bid
    holds = size == UNSET or size >= asked.lots
    return ev.BookRead(
        at_ns=now,
        leg=asked.leg,
        request=asked.request,
        bid=book.bid,
        ask=book.ask,
        bid_lots=_or(book.bid_lots, PLENTY),
        ask_lots=_or(book.ask_lots, PLENTY),
        age_ns=book.age_ns,
        marginal=_or(book.marginal, touch if holds else 0),
        reach=_or(book.reach, _or(size, PLENTY)),
        volume=_volume(book, asked),
    )


def _or(value: int, otherwise: int) -> int:
    return otherwise if value == UNSET else value


def _volume(book: Book, asked: cm.ReadBook) -> int:
    if book.unknown_volume or not asked.volume_ns:
        return -1
    return _or(book.volume, MUCH)
