"""A leg's way to its venue: the desk's port on top of a transport.

Every request passes the venue's traffic, is sent again while that is safe and there is time, and ends in a
fact for the run whatever happens. What the venue says, asked or not, comes back through `hear`.
"""

from collections import deque
from collections.abc import Callable
from functools import partial

from msgspec.structs import replace

from dnkit.desk.gateway.backoff import wait_ns
from dnkit.desk.gateway.budget import Use
from dnkit.desk.gateway.outcome import AGAIN, Answered, Failed, Fate, Outcome, Send, as_event
from dnkit.desk.gateway.traffic import RETRIES, Passage, Traffic
from dnkit.desk.scheduler import NEVER, Call
from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import CancelOrder, FindOrder, PlaceOrder, ReadPosition, SweepOrders
from dnkit.model.events import (
    Event,
    OrderAccepted,
    OrderEnded,
    OrderFilled,
    OrderFound,
    OrderRejected,
)
from dnkit.model.numbers import NS_PER_MS
from dnkit.model.terms import FoundKind, RejectKind
from dnkit.venues.base import Request

PATIENCE = (3, 4)  # of the time a run waits for an answer: the rest is for the answer to the last try
LOOK_AGAIN_NS = 500 * NS_PER_MS  # a venue may not know yet what it took


def cannot_open(request: PlaceOrder | ReadPosition) -> bool:
    """Whether it is an order that can only bring its leg nearer to zero."""
    return isinstance(request, PlaceOrder) and (request.reduce_only or not request.adds_risk)


class Gateway:
    """One leg. `lowers_risk` says of an order whether it is kept from entries' limits (by default one that
    can only reduce its leg), and of a position read whether it is part of a way out.

    A placement that had to wait is sent later than the run believes; until the venue's look-up lag after its
    real sending is over, "no such order" is passed on as an error, which proves nothing.

    Whoever notices that words of the venue were lost says `missed`: orders that may rest are looked up.
    """

    def __init__(
        self,
        leg: int,
        capabilities: Capabilities,
        traffic: Traffic,
        transport: Send,
        *,
        emit: Callable[[Event], None],
        now: Callable[[], int],
        at: Callable[[int, Call], None],
        lowers_risk: Callable[[PlaceOrder | ReadPosition], bool] = cannot_open,
    ) -> None:
        self.leg = leg
        self.traffic = traffic
        self._capabilities = capabilities
        self._answer_ns = capabilities.answer_within_ns
        self._patience_ns = self._answer_ns * PATIENCE[0] // PATIENCE[1]
        self._transport = transport
        self._emit = emit
        self._now = now
        self._at = at
        self._lowers_risk = lowers_risk
        self._open: deque[Passage] = deque()
        self._alarm_ns = NEVER
        self._late: dict[int, int] = {}
        self._fees: dict[int, int] = {}
        self._may_rest: dict[int, str] = {}  # client ids by order

    # What the desk asks

    def place(self, request: PlaceOrder) -> None:
        """Send an order. One that adds risk is refused at once where it may not leave."""
        self._ask(request, Use.ACT if self._lowers_risk(request) else Use.ENTRY)

    def cancel(self, request: CancelOrder) -> None:
        """Withdraw an order."""
        self._ask(request, Use.ACT)

    def find(self, request: FindOrder) -> None:
        """Look an order up: until then its leg can do nothing, so this counts as an act."""
        self._ask(request, Use.ACT)

    def read_position(self, request: ReadPosition) -> None:
        """Read the position."""
        self._ask(request, Use.NEED if self._lowers_risk(request) else Use.READ)

    def sweep(self, request: SweepOrders) -> None:
        """List and cancel own open orders. Orders that have not left yet never will."""
        self.traffic.drop(self._is_own_order, "the leg is swept")
        self._ask(request, Use.ACT)

    # What the venue says

    def hear(self, event: Event) -> None:
        """A fact of this leg, asked for or not: note what it means for the venue, and pass it on."""
        note = _NOTES.get(type(event))
        if note is not None:
            note(self, event)
        self._emit(event)

    def remember(self, order: int, key: str) -> None:
        """An order of an earlier process that may rest."""
        self._may_rest[order] = key

    def missed(self) -> None:
        """Words of the venue were lost: look up what may rest, until it is known or its time is over."""
        until_ns = self._now() + self._capabilities.lookup_lag_ns + self._answer_ns
        for order in sorted(self._may_rest):
            self._look_up(order, until_ns)

    def close(self) -> None:
        """The run is over: what is not answered yet is waited for no longer, what has not left never will."""
        self._open.clear()
        self.traffic.forget(self._is_own)

    def _ask(self, request: Request, use: Use) -> None:
        now = self._now()
        until_ns = now + self._patience_ns
        self.traffic.ask(Passage(request, use, now, until_ns, self._send, self.hear, self._tell))

    def _look_up(self, order: int, until_ns: int) -> None:
        key, now = self._may_rest.get(order), self._now()
        if key is None or now > until_ns:
            return  # it is over, or the run has its own doubts by now

        def again(*_: object) -> None:
            self._at(self._now() + LOOK_AGAIN_NS, partial(self._look_up, order, until_ns))

        def heard(event: Event) -> None:
            known = isinstance(event, OrderFound) and event.found in (FoundKind.LIVE, FoundKind.OVER)
            self.hear(event) if known else again()

        request = FindOrder(self.leg, order, key)
        self.traffic.ask(Passage(request, Use.ACT, now, now + self._patience_ns, self._send, heard, again))

    def _is_own(self, passage: Passage) -> bool:
        return passage.send == self._send

    def _is_own_order(self, passage: Passage) -> bool:
        return self._is_own(passage) and isinstance(passage.request, PlaceOrder)

    def _send(self, passage: Passage) -> None:
        now = self._now()
        passage.sent_ns, passage.tried = now, passage.tried + 1
        if isinstance(passage.request, PlaceOrder):
            self._may_rest[passage.request.order] = passage.request.key
            if now > passage.asked_ns:
                self._late[passage.request.order] = now
        self._open.append(passage)
        self._set_alarm(now + self._answer_ns)
        self._transport(passage.request, partial(self._done, passage, passage.tried))

    def _done(self, passage: Passage, tried: int, outcome: Outcome) -> None:
        """One sending has an outcome. One that comes twice or late is news all the same, if it is a fact."""
        waited_for = passage.tried == tried and passage in self._open
        if waited_for:
            self._open.remove(passage)
        if isinstance(outcome, Answered):
            if waited_for:
                self.traffic.answered(passage.use)
            if outcome.event is not None:
                passage.heard(self._without_false_absence(passage, outcome.event))
        elif waited_for:
            self._failed(passage, outcome)

    def _failed(self, passage: Passage, failed: Failed) -> None:
        """Try again where the request cannot have been carried out twice by that, else tell the run.

        An entry is told at once: its price is old by the time it could leave again.
        """
        self.traffic.failed(passage.use, failed)
        if failed.fate is Fate.PERMANENT and isinstance(passage.request, PlaceOrder):
            self.traffic.refused(failed.why, failed.text)
        again = failed.fate in AGAIN[type(passage.request)] and passage.use is not Use.ENTRY
        if again and passage.tried < RETRIES.tries and self._now() < passage.until_ns:
            wait = wait_ns(RETRIES, passage.tried, self.traffic.dice, failed.retry_after_ns)
            self.traffic.ask_again(passage, wait)
        else:
            passage.give_up(passage, failed)

    def _tell(self, passage: Passage, failed: Failed) -> None:
        request = passage.request
        if isinstance(request, PlaceOrder) and failed.fate is not Fate.UNKNOWN:
            self._may_rest.pop(request.order, None)
        self._emit(as_event(request, failed, self._now()))

    def _without_false_absence(self, passage: Passage, event: Event) -> Event:
        if not isinstance(event, OrderFound) or event.found is not FoundKind.ABSENT:
            return event
        left_ns = self._late.get(event.order)
        if left_ns is None or passage.sent_ns >= left_ns + self._capabilities.lookup_lag_ns:
            return event
        return replace(event, found=FoundKind.ERROR)

    # Silence

    def _set_alarm(self, due: int) -> None:
        if due < self._alarm_ns:
            self._alarm_ns = due
            self._at(due, self._ring)

    def _ring(self) -> None:
        """Whoever was not answered in time never will be, as far as anyone knows."""
        now, self._alarm_ns = self._now(), NEVER
        while self._open and self._open[0].sent_ns + self._answer_ns <= now:
            silent = Failed(fate=Fate.UNKNOWN, text="no answer in time")
            self._failed(self._open.popleft(), silent)
        if self._open:
            self._set_alarm(self._open[0].sent_ns + self._answer_ns)

    # What facts mean for the venue

    def _note_accepted(self, _event: OrderAccepted) -> None:
        self.traffic.accepted()

    def _note_rejected(self, event: OrderRejected) -> None:
        self.traffic.refused(event.why, event.text)
        if event.why is not RejectKind.DUPLICATE:
            self._may_rest.pop(event.order, None)

    def _note_ended(self, event: OrderEnded) -> None:
        self._may_rest.pop(event.order, None)
        self._note_fee(event)

    def _note_found(self, event: OrderFound) -> None:
        if event.found is FoundKind.OVER:
            self._may_rest.pop(event.order, None)
        self._note_fee(event)

    def _note_fill(self, event: OrderFilled) -> None:
        self.traffic.accepted()
        self._note_fee(event)

    def _note_fee(self, event: OrderFilled | OrderEnded | OrderFound) -> None:
        """Fees come as totals of an order, so a repeated report pays nothing twice."""
        known = self._fees.get(event.order, 0)
        if abs(event.fee) > abs(known):
            self._fees[event.order] = event.fee
            self.traffic.churn.pay(event.fee - known, self._now())


_NOTES: dict[type, Callable[..., None]] = {
    OrderAccepted: Gateway._note_accepted,
    OrderRejected: Gateway._note_rejected,
    OrderFilled: Gateway._note_fill,
    OrderEnded: Gateway._note_ended,
    OrderFound: Gateway._note_found,
}
