"""One run at work: event in, step, line written, requests out, in that order and never nested.

The line is written before any request leaves. A line that cannot be written is a step that did not happen:
nothing of it leaves, the run is told to stop, and only then does the event come again, to a run that adds no
more risk.
"""

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from dnkit.desk.scheduler import NEVER, Call
from dnkit.engine.state import State, state_digest
from dnkit.engine.step import step
from dnkit.journal.errors import JournalError
from dnkit.machine.program import Program
from dnkit.model.commands import (
    CancelOrder,
    Command,
    EndRun,
    FindOrder,
    PlaceOrder,
    ReadBook,
    ReadPosition,
    SendAlert,
    SweepOrders,
)
from dnkit.model.errors import BugError
from dnkit.model.events import AlertSent, BookMissing, BookRead, Event, OrderFact, StopAsked, Woken


class Port(Protocol):
    """The venue of one leg as a desk needs it. Answers come back as events."""

    def place(self, request: PlaceOrder) -> None:
        """Send an order."""

    def cancel(self, request: CancelOrder) -> None:
        """Withdraw an order."""

    def find(self, request: FindOrder) -> None:
        """Look an order up."""

    def read_position(self, request: ReadPosition) -> None:
        """Read the position."""

    def sweep(self, request: SweepOrders) -> None:
        """List and cancel own open orders."""


class Record(Protocol):
    """Writes one step; returns when it may be acted on, JournalError when it may not."""

    def __call__(
        self, event: Event, commands: tuple[Command, ...], state: State, digest: str, *, durable: bool
    ) -> None: ...


Answer = BookRead | BookMissing


class Desk:
    """Runs one program. `now` tells the time, `at` asks for a later call; `handle` is the only way in.

    `ports` are the venues by leg; `read_book` answers a ReadBook from the market data at hand; `alert`
    carries an alert out and says whether it went. `ended` is set once the run is over; later events are left
    alone. `watch`, where given, is called after each step.
    """

    def __init__(
        self,
        program: Program,
        state: State,
        *,
        ports: Sequence[Port],
        record: Record,
        read_book: Callable[[ReadBook], Answer],
        alert: Callable[[SendAlert], bool],
        now: Callable[[], int],
        at: Callable[[int, Call], None],
        watch: Callable[[Event, State], None] | None = None,
    ) -> None:
        self.program = program
        self.state = state
        self.ended: EndRun | None = state.ended
        self._ports = ports
        self._record = record
        self._read_book = read_book
        self._alert = alert
        self._now = now
        self._at = at
        self._watch = watch
        self._queue: deque[Event] = deque()
        self._busy = False
        self._stopping = False
        self._alarm_ns = NEVER

    def handle(self, event: Event) -> None:
        """Take one fact in. What it sets off is done when this returns, unless a step is under way already:
        then it queues.

        Raises JournalError when not even the way out can be written, BugError on a broken invariant.
        """
        self._queue.append(event)
        if self._busy:
            return
        self._busy = True
        try:
            while self._queue:
                event = self._queue.popleft()
                if self.ended is None or isinstance(event, OrderFact):  # a late fill is still a fill
                    self._take(event)
        finally:
            self._busy = False
        self._set_alarm()

    def _take(self, event: Event) -> None:
        state, commands = step(self.program, self.state, event)
        risky = any(type(one) is PlaceOrder and one.adds_risk for one in commands)
        try:
            self._record(event, commands, state, state_digest(state), durable=risky)
        except JournalError as error:
            self._refuse(event, error)
            return
        self.state = state
        for command in commands:
            self._dispatch(command)
        if self._watch is not None:
            self._watch(event, state)

    def _refuse(self, event: Event, error: JournalError) -> None:
        """The step may not be acted on: stop the run first, then let it have the event."""
        if self._stopping:
            raise error
        self._stopping = True
        self._queue.extendleft((event, StopAsked(self._now(), f"the journal takes no line: {error}")))

    def _dispatch(self, command: Command) -> None:
        match command:
            case PlaceOrder():
                self._ports[command.leg].place(command)
            case CancelOrder():
                self._ports[command.leg].cancel(command)
            case FindOrder():
                self._ports[command.leg].find(command)
            case ReadPosition():
                self._ports[command.leg].read_position(command)
            case SweepOrders():
                self._ports[command.leg].sweep(command)
            case ReadBook():
                self._queue.append(self._read_book(command))
            case SendAlert():
                self._queue.append(AlertSent(self._now(), command.request, self._alert(command)))
            case EndRun():
                self.ended = command

    def _set_alarm(self) -> None:
        """Ask to be woken at the engine's deadline, unless an earlier call is on its way already."""
        due = self.state.wake_ns
        if self.ended is None and due is not None and due < self._alarm_ns:
            self._alarm_ns = due
            self._at(due, partial(self._ring, due))

    def _ring(self, asked_ns: int) -> None:
        if asked_ns != self._alarm_ns or self.ended is not None:
            return  # an earlier alarm took its place
        self._alarm_ns = NEVER
        now, due = self._now(), self.state.wake_ns
        if due is None or due > now:
            self._set_alarm()
            return
        self.handle(Woken(now))
        self._check_awake(now)

    def _check_awake(self, now: int) -> None:
        due = self.state.wake_ns
        if due is not None and due <= now:
            raise BugError(f"woken at {now}, the run asks to be woken at {due}")
