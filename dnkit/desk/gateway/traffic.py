"""The calls of all runs to one venue: which may leave, which wait, which are refused.

Entries never wait: an entry that may not leave now is refused, and the run prices it anew. What reduces risk
is never refused here: it waits for room as long as its run would wait for it, acts before reads.
"""

from collections.abc import Callable
from random import Random

from dnkit.desk.gateway import breaker as circuit
from dnkit.desk.gateway.backoff import Backoff
from dnkit.desk.gateway.brakes import Churn, SameRefusal
from dnkit.desk.gateway.budget import Budget, Use
from dnkit.desk.gateway.outcome import Failed, Fate
from dnkit.desk.scheduler import NEVER, Call
from dnkit.model.alerts import BUDGET_LOW, ENTRIES_STOPPED, Alert, AlertKind
from dnkit.model.capabilities import Capabilities
from dnkit.model.events import Event
from dnkit.model.numbers import NS_PER_MS, NS_PER_S
from dnkit.model.terms import RejectKind
from dnkit.venues.base import Request

RETRIES = Backoff(base_ns=100 * NS_PER_MS, cap_ns=NS_PER_S, tries=5)
READS = (Use.READ, Use.NEED)
HOLD_NS = NS_PER_S  # after "too many calls" without a word on how long
ALERT_EVERY_NS = 600 * NS_PER_S  # the same alert of a venue is not repeated sooner


class Passage:
    """One request on its way. It may be sent from `from_ns` until `until_ns`; `tried` counts its sendings.

    `send` sends it, `heard` gets its answer, `give_up` is told that it was not carried out, with reason and
    text.
    """

    __slots__ = (
        "asked_ns",
        "from_ns",
        "give_up",
        "heard",
        "request",
        "send",
        "sent_ns",
        "tried",
        "until_ns",
        "use",
    )

    def __init__(
        self,
        request: Request,
        use: Use,
        asked_ns: int,
        until_ns: int,
        send: "Callable[[Passage], None]",
        heard: Callable[[Event], None],
        give_up: "Callable[[Passage, Failed], None]",
    ) -> None:
        self.request = request
        self.use = use
        self.asked_ns = self.from_ns = asked_ns
        self.until_ns = until_ns
        self.send = send
        self.heard = heard
        self.give_up = give_up
        self.sent_ns = 0
        self.tried = 0


class Traffic:
    """One venue. `most_fees` are picos of money an hour above which entries stop, None for no limit; `held`
    says why nobody wants any, "" otherwise.
    """

    def __init__(
        self,
        capabilities: Capabilities,
        *,
        now: Callable[[], int],
        at: Callable[[int, Call], None],
        alert: Callable[[Alert], None],
        dice: Random,
        most_fees: int | None = None,
        held: Callable[[], str] = str,
    ) -> None:
        self.venue = capabilities.venue
        self.dice = dice
        self.budget = Budget(capabilities.rate_calls, capabilities.rate_window_ns)
        self.breaker = circuit.CLOSED
        self.refusals = SameRefusal()
        self.churn = Churn(most_fees)
        self._now = now
        self._at = at
        self._alert = alert
        self._held = held
        self._alerted: dict[str, int] = {}
        self._waiting: list[Passage] = []
        self._alarm_ns = NEVER

    def ask(self, passage: Passage) -> None:
        """Let a request go now, later, or not at all."""
        now = self._now()
        if passage.use is Use.ENTRY:
            self._ask_entry(passage, now)
        elif not self._waiting and self.budget.take(passage.use, now):
            passage.send(passage)
        else:
            self._wait(passage, now)

    def ask_again(self, passage: Passage, wait_ns: int) -> None:
        """Let it go once more after a wait, as far as there is time for it."""
        now = self._now()
        passage.from_ns = now + wait_ns
        self._wait(passage, now)

    def answered(self, use: Use) -> None:
        """The venue answered a call."""
        if self.breaker is not circuit.CLOSED:
            self.breaker = circuit.answering(self.breaker, read=use in READS)

    def failed(self, use: Use, failure: Failed) -> None:
        """A call got no answer, or was one too many."""
        now = self._now()
        if failure.limited:
            self.budget.hold(now + (failure.retry_after_ns or HOLD_NS))
            self._tell(BUDGET_LOW, f"{self.venue}: {failure.text}")
        elif failure.fate is Fate.PERMANENT:
            self.answered(use)
        else:
            self._fail(use, failure.text, now)

    def refused(self, why: RejectKind, text: str) -> None:
        """The venue refused an order for what it is."""
        if self.refusals.refused(why, text, self._now()):
            self._tell(ENTRIES_STOPPED, f"{self.venue}: {self.refusals.words}")

    def accepted(self) -> None:
        """The venue took an order."""
        self.refusals.accepted()

    def stopped(self) -> str:
        """Why entries stop now, "" where they do not."""
        held = self._held()
        if held:
            return held
        now = self._now()
        if not circuit.may_enter(self.breaker, now):
            return "does not answer"
        if now < self.refusals.until_ns:
            return self.refusals.words
        if self.churn.is_over(now):
            return self.churn.words()
        return ""

    def drop(self, unwanted: Callable[[Passage], bool], why: str) -> None:
        """Give up what waits and is not wanted any more."""
        for passage in self._pull(unwanted):
            self._refuse(passage, RejectKind.OTHER, why)

    def forget(self, unwanted: Callable[[Passage], bool]) -> None:
        """Drop it without a word: nobody listens any more."""
        self._pull(unwanted)

    def _ask_entry(self, passage: Passage, now: int) -> None:
        why = self.stopped()
        if why:
            self._refuse(passage, RejectKind.OTHER, why)
            if self.churn.is_over(now):
                self._tell(ENTRIES_STOPPED, f"{self.venue}: {why}")
        elif self._waiting or not self.budget.take(Use.ENTRY, now):
            self._refuse(passage, RejectKind.RATE, "calls to the venue are down to the reserve")
            self._tell(BUDGET_LOW, f"{self.venue}: {self.budget.room(now)} of {self.budget.calls} calls left")
        else:
            self.breaker = circuit.entering(self.breaker, now)
            passage.send(passage)

    def _fail(self, use: Use, text: str, now: int) -> None:
        before = self.breaker
        self.breaker = circuit.failing(before, now, read=use in READS)
        if self.breaker.openings > before.openings:
            self._tell(ENTRIES_STOPPED, f"{self.venue} does not answer: {text}")

    def _refuse(self, passage: Passage, why: RejectKind, text: str) -> None:
        failed = Failed(fate=Fate.TRANSIENT, text=f"not sent: {self.venue} {text}", why=why)
        passage.give_up(passage, failed)

    def _tell(self, kind: AlertKind, text: str) -> None:
        now = self._now()
        if now >= self._alerted.get(kind.code, 0):
            self._alerted[kind.code] = now + ALERT_EVERY_NS
            self._alert(kind.raised(text))

    def _wait(self, passage: Passage, now: int) -> None:
        self._waiting.append(passage)
        self._waiting.sort(key=lambda one: -one.use)  # of one use, the first to wait stays the first
        self._look(now)

    def _look(self, now: int) -> None:
        """Send what may leave, give up what waited too long, and look again when either changes."""
        for passage in self._pull(lambda one: self._is_due(one, now)):
            if now >= passage.until_ns:
                self._refuse(passage, RejectKind.RATE, "takes no more calls now")
            else:
                passage.send(passage)
        due = min((min(one.until_ns, self._opens(one, now)) for one in self._waiting), default=NEVER)
        if due < self._alarm_ns:
            self._alarm_ns = due
            self._at(due, self._ring)

    def _pull(self, wanted: Callable[[Passage], bool]) -> tuple[Passage, ...]:
        """Take passages out of the row, all of them before anything happens with one."""
        pulled = tuple(one for one in self._waiting if wanted(one))
        self._waiting = [one for one in self._waiting if one not in pulled]
        return pulled

    def _is_due(self, passage: Passage, now: int) -> bool:
        """Whether it need not wait any longer; one that may leave is counted."""
        if now >= passage.until_ns:
            return True
        return now >= passage.from_ns and self.budget.take(passage.use, now)

    def _opens(self, passage: Passage, now: int) -> int:
        return max(now + 1, passage.from_ns, self.budget.opens_ns(passage.use, now))

    def _ring(self) -> None:
        self._alarm_ns = NEVER
        self._look(self._now())
