"""What a leg's venue has said so far: when, how fast, how often it refused. Times are those of the run."""

from collections import Counter, deque

from dnkit.journal.replay import Step
from dnkit.model import commands as cmd
from dnkit.model import events as ev
from dnkit.model.numbers import NS_PER_S

ANSWERS_MOST = 120
CALLS_NS = 60 * NS_PER_S


class Contact:
    """One leg. `answers` are the times from an order to its first answer, `calls` when something was asked.

    `book` is the last book read and `book_ns` when it was true, `word_ns` when the venue last said anything.
    """

    def __init__(self) -> None:
        self.word_ns = 0
        self.book: ev.BookRead | None = None
        self.book_ns = 0
        self.answers: deque[int] = deque(maxlen=ANSWERS_MOST)
        self.calls: deque[int] = deque(maxlen=1_000)
        self.refused: Counter[str] = Counter()
        self.lost = 0
        self._sent: dict[int, int] = {}

    def note(self, one: Step, leg: int) -> None:
        """Take a step in, as far as it is of leg `leg`."""
        now = one.after.now_ns
        for command in one.commands:
            if getattr(command, "leg", -1) == leg and not isinstance(command, cmd.ReadBook):
                self.calls.append(now)
            if isinstance(command, cmd.PlaceOrder) and command.leg == leg:
                self._sent[command.order] = now
        if getattr(one.event, "leg", -1) == leg:
            self._hear(one.event, now)

    def calls_lately(self, now: int) -> int:
        """Calls of the last minute."""
        return sum(one > now - CALLS_NS for one in self.calls)

    def _hear(self, event: ev.Event, now: int) -> None:
        if isinstance(event, ev.AnswerLost):
            self.lost += 1
            return
        if isinstance(event, ev.BookMissing):
            return
        if isinstance(event, ev.BookRead):
            self.book, self.book_ns = event, now - event.age_ns
            return
        self.word_ns = now
        sent = self._sent.pop(getattr(event, "order", 0), None)
        if sent is not None:
            self.answers.append(now - sent)
        if isinstance(event, ev.OrderRejected):
            self.refused[event.why.value] += 1
