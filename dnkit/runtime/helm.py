"""What an operator wants of a command, and how far that has come.

Signals and the socket put wishes into the inbox; they are served here, on the engine's thread. Whatever run
is at work hears a wish as an event of its journal; what outlives a run (that nothing may be entered, that no
other run begins, that all has to be flat in the end) is kept here.
"""

from collections.abc import Callable, Sequence
from itertools import islice
from typing import Protocol

from dnkit.control import words
from dnkit.control.inbox import Inbox
from dnkit.engine.state import Stage, State
from dnkit.journal.records import RunHeader
from dnkit.machine.program import LegSpec, Program
from dnkit.market.leg_book import LegBook
from dnkit.model.events import Event, FlattenAsked, PauseAsked, ResumeAsked, StopAsked, Wish
from dnkit.model.numbers import plain
from dnkit.model.terms import Side, StopWhen
from dnkit.runtime.house import Time

HELD = "is not entered: the operator paused"
STRONGER = (StopWhen.HEDGED, StopWhen.NOW, StopWhen.FLAT)


class Steered(Protocol):
    """A run that can be told a wish."""

    header: RunHeader
    program: Program

    @property
    def state(self) -> State:
        """Where it stands."""

    def over(self) -> bool:
        """Whether it has ended."""

    def tell(self, wish: Wish) -> None:
        """Let it hear one."""


class Helm:
    """`paused`: no entry, and no other cycle begins. `stopping`: how the command is to end, None while it is
    not. `flattening`: all has to be flat in the end; `released` once a signal put an end to trying. `end` is
    how it ended, once that is known.
    """

    def __init__(self, world: Time) -> None:
        self.inbox: Inbox = world.inbox
        self.paused = False
        self.stopping: StopWhen | None = None
        self.flattening = False
        self.released = False
        self.end: words.End | None = None
        self._world = world
        self._policy = ""
        self._shown: tuple[tuple[str, LegBook], ...] = ()
        self._runs: list[Steered] = []

    def take(self, policy: str, legs: Sequence[LegSpec]) -> None:
        """The command trades this policy on these legs, one book each."""
        self._policy = policy
        self._shown = tuple((leg.name, book) for leg, book in zip(legs, self._world.books, strict=True))

    def began(self, run: Steered) -> None:
        """A run begins."""
        self._runs = [*self._at_work(), run]

    @property
    def leaving(self) -> bool:
        """Whether no other run of the policy is to begin."""
        return self.stopping is not None or self.flattening

    @property
    def wants_flat(self) -> bool:
        """Whether what a run leaves open is to be closed after it."""
        return self.flattening or self.stopping is StopWhen.FLAT

    def held(self) -> str:
        """Why nothing may be entered now, "" where that is not so."""
        return HELD if self.paused else ""

    def signalled(self, name: str) -> None:
        """A signal asks for the end; one that comes while all is being flattened ends the trying."""
        self.released = self.flattening
        self._stop(StopWhen.NOW, name)

    def recall(self, event: Event) -> None:
        """The run goes on after its process died: what was wanted of it is wanted still."""
        match event:
            case PauseAsked() | ResumeAsked():
                self.paused = isinstance(event, PauseAsked)
            case StopAsked():
                self.stopping = event.when
            case FlattenAsked():
                self.flattening = True

    def serve(self, ask: words.Ask) -> words.Answer:
        """Do as asked, or say why not."""
        why = f"operator ({ask.by})" if ask.by else "operator"
        match ask:
            case words.Pause():
                text = self._pause(why)
            case words.Resume():
                text = self._resume(why)
            case words.Stop():
                text = self._stop(ask.when, why)
            case words.Flatten() if ask.confirm.strip() != self._policy:
                refused = f"not confirmed: the policy's name is to be typed, {self._policy}"
                return words.Answer(id=ask.id, ok=False, text=refused)
            case words.Flatten():
                text = self._flatten(why)
            case words.Follow():
                text = "following"
        run = self._first()
        if run is None:
            return words.Answer(id=ask.id, ok=True, text=text)
        return words.Answer(id=ask.id, ok=True, text=text, run=run.header.run_id, seq=run.state.seq)

    def status(self) -> words.Status:
        """Where the command stands."""
        run = self._first()
        wishes = words.Status(
            paused=self.paused,
            stopping=self.stopping.value if self.stopping else "",
            flattening=self.flattening,
        )
        return wishes if run is None else _standing(wishes, run)

    def books(self, depth: int) -> words.Books:
        """The books of all legs, so many levels a side."""
        shown = tuple(_book(name, book, depth) for name, book in self._shown)
        return words.Books(now_ns=self._world.now(), legs=shown)

    def _at_work(self) -> list[Steered]:
        return [run for run in self._runs if not run.over()]

    def _first(self) -> Steered | None:
        return next(iter(self._at_work()), None)

    def _tell(self, make: Callable[[int], Wish]) -> None:
        for run in self._at_work():
            run.tell(make(self._world.now()))

    def _pause(self, why: str) -> str:
        if self.paused:
            return "paused already"
        self.paused = True
        self._tell(lambda now: PauseAsked(now, why))
        return "paused: nothing is entered, what is open is worked on"

    def _resume(self, why: str) -> str:
        if not self.paused:
            return "not paused"
        self.paused = False
        self._tell(lambda now: ResumeAsked(now, why))
        return "resumed"

    def _stop(self, when: StopWhen, why: str) -> str:
        """A stronger wish takes the place of a weaker one; a weaker one changes nothing."""
        if self.flattening:
            return "flattening already, and ends with that"
        if self.stopping is not None and STRONGER.index(when) <= STRONGER.index(self.stopping):
            return f"stopping already ({self.stopping.value})"
        self.stopping = when
        self._tell(lambda now: StopAsked(now, why, when))
        return {
            StopWhen.NOW: "stopping by the policy's stop rule",
            StopWhen.FLAT: "stopping by the policy's stop rule; what it leaves open is flattened",
            StopWhen.HEDGED: "leaving at the next moment at which it is hedged",
        }[when]

    def _flatten(self, why: str) -> str:
        if self.flattening:
            return "flattening already"
        self.flattening = True
        self._tell(lambda now: FlattenAsked(now, why))
        return "flattening: cancel, then close every leg until the venues say flat"


def _standing(wishes: words.Status, run: Steered) -> words.Status:
    header, state, program = run.header, run.state, run.program
    legs = zip(program.legs, state.legs, strict=True)
    return words.Status(
        run=header.run_id,
        cycle=header.cycle,
        seq=state.seq,
        now_ns=state.now_ns,
        stage=state.stage.name.lower(),
        phase=program.phases[state.phase].name if state.stage is Stage.PHASE else "",
        paused=wishes.paused,
        stopping=wishes.stopping,
        flattening=wishes.flattening,
        positions=tuple(
            plain(spec.instrument.quantity(leg.position)) if leg.known else None for spec, leg in legs
        ),
    )


def _book(name: str, book: LegBook, depth: int) -> words.Shown:
    bids, asks = (_levels(book, side, depth) for side in (Side.SELL, Side.BUY))
    return words.Shown(name=name, at_ns=book.updated_ns, bids=bids, asks=asks)


def _levels(book: LegBook, side: Side, depth: int) -> tuple[words.Level, ...]:
    """What a taker of `side` meets."""
    one = book.instrument
    levels = islice(book.levels(side), depth)
    return tuple((plain(one.price(price)), plain(one.quantity(lots))) for price, lots in levels)
