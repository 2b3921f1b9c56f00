"""One run in the hostile world: market, venues, lines and the process, on one clock of their own."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import NamedTuple, Protocol

import msgspec
from msgspec.structs import replace

from dnkit.desk.alerts import of_end
from dnkit.desk.desk import Answer
from dnkit.desk.gateway.preflight import AccountFacts, PositionMode, preflight, wanted
from dnkit.desk.scheduler import NEVER, Scheduler
from dnkit.engine.sizing import OPENING
from dnkit.engine.state import State
from dnkit.machine.program import Program
from dnkit.market.feed import apply
from dnkit.market.leg_book import LegBook
from dnkit.model import commands as cm
from dnkit.model import events as ev
from dnkit.model.alerts import Alert
from dnkit.model.capabilities import Capabilities
from dnkit.model.errors import BugError
from dnkit.model.numbers import NS_PER_S
from dnkit.sim.hostile.bot import Bot, Died, Sink
from dnkit.sim.hostile.exchange import Exchange
from dnkit.sim.hostile.faults import Fault, Luck, Profile
from dnkit.sim.hostile.life import Outside
from dnkit.sim.hostile.line import Line
from dnkit.sim.hostile.referee import Referee
from dnkit.sim.hostile.tape import Tapes, still
from dnkit.sim.hostile.weather import Weather, draw_weather, soon
from dnkit.venues.account import PAPER_TERMS
from dnkit.venues.base import Request

RUN_ID = "simulated"
LONGEST_NS = 3600 * NS_PER_S
STEPS_MAX = 20_000
DRAIN_NS = 20 * NS_PER_S  # what is on the wire at the end may still do something
BAD_PRINTS = (1, 199)  # percent of the price


class Opening(Protocol):
    """What one leg holds at the start: signed lots at a price in ticks."""

    @property
    def leg(self) -> int: ...
    @property
    def lots(self) -> int: ...
    @property
    def price(self) -> int: ...


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """What is run: a program against the venues of `capabilities`, faults as in `profile`, on one of `tapes`.

    `openings(program, mids)` says what the legs hold at the start.
    """

    program: Program
    capabilities: Mapping[str, Capabilities]
    profile: Profile
    tapes: Tapes
    openings: Callable[[Program, Sequence[int]], Sequence[Opening]]


class Start(NamedTuple):
    """What a leg truly holds, what the journal knows of that, and its signed cost in ticks x lots."""

    lots: int
    ledger: int | None
    entry: int | None


class World:
    """A run from its seed. `stuck`: why it found no end, "" where it did; `unready`: why it did not begin.
    `alerts` are all but those that the engine itself asks for, with their times.
    """

    def __init__(
        self, setting: Setting, seed: int, *, run_id: str = RUN_ID, sink: Sink | None = None
    ) -> None:
        opened = setting.tapes.open(seed)
        program = setting.program
        self.seed = seed
        self.program = program
        self.luck = Luck(setting.profile, seed)
        self.scheduler = Scheduler(opened.now_ns)
        self.books = opened.books
        self.bot = Bot(program, run_id, self.luck, self.scheduler, sink)
        self.began_ns = self.ended_ns = opened.now_ns
        self.stuck = self.unready = ""
        self.alerts: list[tuple[int, Alert]] = []
        self._capabilities = setting.capabilities
        self._feed = opened.feed
        self._next = next(opened.feed, None)
        self._frozen: dict[int, LegBook] = {}
        self._weathers = self._draw_weathers(setting.capabilities)
        self.starts = self._draw_starts(setting)
        self.lines = tuple(self._line(index, setting.capabilities) for index in range(len(program.legs)))
        self.referee = Referee(self, setting.capabilities)

    def now(self) -> int:
        """The time in nanoseconds."""
        return self.scheduler.now_ns

    @property
    def state(self) -> State:
        """The engine's state after the last line."""
        return self.bot.state

    @property
    def era(self) -> int:
        """Which life of the process it is."""
        return self.bot.era

    @property
    def returned_ns(self) -> int:
        """When the process last came back, 0 if it never died."""
        return self.bot.returned_ns

    def starting(self) -> tuple[int, ...]:
        """What the legs truly held at the start."""
        return tuple(one.lots for one in self.starts)

    def is_down(self, leg: int) -> bool:
        """Whether nobody can reach a leg's venue now."""
        return self.lines[leg].weather.is_down(self.now())

    def replay_differs(self) -> str:
        """Where a replay of the lines does not give what was written, "" where it does."""
        self.bot.replayed()
        return self.bot.differs

    def run(self) -> None:
        """From the first event to the end, and a while longer; nothing where an account is not fit for it."""
        self.unready = "; ".join(self._speaks_against())
        if self.unready:
            return
        self._plan()
        outside = Outside(
            tuple(self._capabilities[self._venue(leg)] for leg in range(len(self.lines))),
            tuple(line.carry for line in self.lines),
            self._heard,
            self.is_down,
            self._read_rest,
            self._read_book,
            self._alert,
            self._raised,
        )
        ledger, entry = (
            tuple(part) for part in zip(*((one.ledger, one.entry) for one in self.starts), strict=True)
        )
        started = ev.Started(self.now(), ledger, entry)
        try:
            self._guarded(lambda: self.bot.start(outside, started))
            self._advance()
            self.ended_ns = self.now()
            for alert in of_end(self.program, self.bot.ended) if self.bot.ended else ():
                self._raised(alert)
            self.referee.at_end()
            self._drain()
        except BugError as error:
            self.stuck = f"the engine refuses: {error}"
        self.referee.after()

    def _speaks_against(self) -> Iterator[str]:
        """What a trader finds wrong before it begins."""
        if self.program.intent not in OPENING:
            return
        for leg, (spec, book) in enumerate(zip(self.program.legs, self.books, strict=True)):
            for one in preflight(self._facts(leg), wanted(spec, book.bid, book.ask)):
                yield one.text

    def _facts(self, leg: int) -> AccountFacts:
        """What a leg's venue tells of the account; nothing while it is down."""
        instrument, down = self.program.legs[leg].instrument, self.is_down(leg)
        return AccountFacts(
            venue=instrument.venue,
            symbol=instrument.symbol,
            mode=None if down else PositionMode(PAPER_TERMS.mode),
            leverage=None if down else PAPER_TERMS.leverage,
            available=None if down else PAPER_TERMS.available,
            clock_ahead_ns=None if down else self.lines[leg].weather.skew_ns,
            status=None if down else "",
        )

    # --- time -----------------------------------------------------------------------------------------

    def _advance(self) -> None:
        until_ns = self.began_ns + LONGEST_NS
        while self.bot.ended is None and not self.stuck:
            due = self.scheduler.next_at()
            if due == NEVER:
                self.stuck = "the run waits and nothing will happen any more"
            elif due > until_ns or len(self.bot.lines) > STEPS_MAX:
                self.stuck = (
                    f"no end after {(self.now() - self.began_ns) // NS_PER_S} s, {len(self.bot.lines)} lines"
                )
            else:
                self._pass(due)

    def _drain(self) -> None:
        over_ns = self.now() + DRAIN_NS
        self.scheduler.at(over_ns, _nothing)
        while self.now() < over_ns:
            self._pass(self.scheduler.next_at())

    def _pass(self, due: int) -> None:
        """Let the market go on up to the next call, then make it."""
        books, scheduler, lines = self.books, self.scheduler, self.lines
        message = self._next
        while message is not None and message.at_ns <= due:
            leg = message.leg
            apply(books[leg].book, message)
            if lines[leg].exchange.rests:
                scheduler.now_ns = message.at_ns
                lines[leg].meet(message)
                due = min(due, scheduler.next_at())
            message = next(self._feed, None)
        self._next = message
        self._guarded(lambda: scheduler.run_due(due))

    def _guarded(self, call: Callable[[], None]) -> None:
        try:
            call()
        except Died:
            self.bot.die()

    # --- what the dice say of this run ----------------------------------------------------------------

    def _draw_weathers(self, capabilities: Mapping[str, Capabilities]) -> dict[str, Weather]:
        names = dict.fromkeys(spec.instrument.venue for spec in self.program.legs)
        return {name: draw_weather(self.luck, capabilities[name], self.now()) for name in names}

    def _draw_starts(self, setting: Setting) -> tuple[Start, ...]:
        mids = [(book.bid + book.ask) // 2 for book in self.books]
        found = {one.leg: one for one in setting.openings(self.program, mids)}
        parts, dice = [100] * len(mids), self.luck.dice
        if self.luck.hits(Fault.UNEVEN_START):
            parts = [dice.choice((0, 1, 60, 95, 100)) for _ in mids]
        starts = []
        for index, part in enumerate(parts):
            one = found.get(index)
            lots = one.lots * part // 100 if one else 0
            known = not self.luck.hits(Fault.NO_LEDGER)
            starts.append(Start(lots, lots if known else None, lots * one.price if known and one else None))
        return tuple(starts)

    def _plan(self) -> None:
        """What happens by itself."""
        for line in self.lines:
            if self.luck.hits(Fault.LIQUIDATION):
                self.luck.met[Fault.LIQUIDATION] -= 1  # counted when there is a position to take
                self.scheduler.at(soon(self.luck, self.now()), line.liquidate)
        if self.luck.hits(Fault.STOP):
            self.scheduler.at(soon(self.luck, self.now()), self._stop)

    def _stop(self) -> None:
        self.bot.stop("the operator wants it")

    def _line(self, index: int, capabilities: Mapping[str, Capabilities]) -> Line:
        spec = self.program.legs[index]
        facts, weather = capabilities[spec.instrument.venue], self._weathers[spec.instrument.venue]
        line = Line(
            index,
            spec,
            self.luck,
            weather,
            self.scheduler,
            self.bot,
            facts.latency_ns,
            self._sent,
            self._moved,
        )
        exchange = Exchange(
            index,
            spec,
            facts,
            weather,
            self.books[index],
            self.starts[index].lots,
            dice=self.luck.dice,
            now=self.now,
            hear=line.hear,
        )
        line.join(exchange)
        return line

    def _sent(self, asked: Request) -> None:
        self.referee.sent(asked)

    def _moved(self) -> None:
        self.referee.moved()

    # --- what the process has around it ---------------------------------------------------------------

    def _read_book(self, asked: cm.ReadBook) -> Answer:
        self.bot.spend()
        weather, now = self.lines[asked.leg].weather, self.now()
        if weather.is_down(now):
            return ev.BookMissing(now, asked.leg, asked.request, "the venue is down")
        read = self._seen(asked.leg, weather, now).read(now, asked)
        if isinstance(read, ev.BookRead) and any(begin <= now < end for begin, end in weather.nonsense):
            return _nonsense(read, BAD_PRINTS[weather.shrinks])
        return read

    def _seen(self, leg: int, weather: Weather, now: int) -> LegBook:
        """The book as far as it is known: while the streams are silent, as it was when it was first asked
        for, or read by another way.
        """
        if not weather.is_silent(now):
            self._frozen.pop(leg, None)
            return self.books[leg]
        if leg not in self._frozen:
            self._frozen[leg] = still(self.books[leg])
        return self._frozen[leg]

    def _heard(self, leg: int) -> int:
        """When a leg's stream said something last."""
        weather, now = self.lines[leg].weather, self.now()
        return min(self.books[leg].updated_ns, weather.mute_since(now))

    def _read_rest(self, leg: int) -> None:
        """The book of a leg is read by a call of its own."""
        self.referee.called(leg)
        self.scheduler.at(
            self.now() + self._capabilities[self._venue(leg)].latency_ns, partial(self._rest, leg)
        )

    def _rest(self, leg: int) -> None:
        weather, now = self.lines[leg].weather, self.now()
        if weather.is_silent(now) and not weather.is_down(now):
            self._frozen[leg] = still(self.books[leg])

    def _venue(self, leg: int) -> str:
        return self.program.legs[leg].instrument.venue

    def _raised(self, alert: Alert) -> None:
        self.alerts.append((self.now(), alert))

    def _alert(self, asked: cm.SendAlert) -> bool:
        self.bot.spend()
        self.referee.alerted(asked)
        return not self.luck.hits(Fault.LOST_ALERT)


def _nonsense(read: ev.BookRead, percent: int) -> ev.BookRead:
    """A book with all prices off."""
    return replace(
        read,
        bid=max(1, read.bid * percent // 100),
        ask=max(2, read.ask * percent // 100),
        marginal=read.marginal * percent // 100,
    )


def _nothing() -> None:
    """Only the time matters."""
