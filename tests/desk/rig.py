"""A desk on a bench: a shipped policy, an own clock, ports that note what reaches them."""

from typing import Any

from dnkit.desk.desk import Desk
from dnkit.desk.scheduler import Scheduler
from dnkit.engine.step import begin
from dnkit.journal.errors import JournalError
from dnkit.model.commands import PlaceOrder, ReadBook, ReadPosition, SweepOrders
from dnkit.model.events import BookRead, OrdersSwept, PositionRead, Started
from dnkit.model.numbers import NS_PER_S
from dnkit.runtime.library import VenueFacts
from dnkit.runtime.prepare import program_of, read_and_check

START = 1_000 * NS_PER_S


class Bench:
    """Answers questions at once and correctly; orders are only noted. `log` holds what happened, in order."""

    def __init__(self, policy: str = "open_post_only_hedge", *, refuse_durable: bool = False) -> None:
        self.program = program_of(read_and_check(policy, VenueFacts()))
        self.scheduler = Scheduler(START)
        self.log: list[tuple[str, Any]] = []
        self.refuse_durable = refuse_durable
        self.refuse_all = False
        self.desk = Desk(
            self.program,
            begin(self.program, "bench"),
            ports=[self] * len(self.program.legs),
            record=self.record,
            read_book=self.read_book,
            alert=self.alert,
            now=lambda: self.scheduler.now_ns,
            at=self.scheduler.at,
        )

    def start(self) -> None:
        """Begin with positions of zero that the journal knows of."""
        legs = len(self.program.legs)
        self.desk.handle(Started(self.scheduler.now_ns, (0,) * legs, (0,) * legs))

    def run(self, seconds: int) -> None:
        """Let time pass."""
        self.scheduler.run_due(self.scheduler.now_ns + seconds * NS_PER_S)

    def record(self, event: Any, commands: Any, _state: Any, _digest: str, *, durable: bool) -> None:
        if self.refuse_all or (durable and self.refuse_durable):
            raise JournalError("the disk is full")
        self.log.append(("line", (event, commands, durable)))

    def place(self, request: PlaceOrder) -> None:
        self.log.append(("place", request))

    def cancel(self, request: Any) -> None:
        self.log.append(("cancel", request))

    def find(self, request: Any) -> None:
        self.log.append(("find", request))

    def read_position(self, request: ReadPosition) -> None:
        self.log.append(("read", request))
        self._soon(lambda now: PositionRead(now, request.leg, request.request, 0, now))

    def sweep(self, request: SweepOrders) -> None:
        self.log.append(("sweep", request))
        self._soon(lambda now: OrdersSwept(now, request.leg, request.request, True, 0))

    def read_book(self, request: ReadBook) -> BookRead:
        now = self.scheduler.now_ns
        return BookRead(now, request.leg, request.request, 269_990, 270_010, 10**6, 10**6, 0, 270_010, 10**6)

    def alert(self, request: Any) -> bool:
        self.log.append(("alert", request))
        return True

    def _soon(self, answer: Any) -> None:
        self.scheduler.at(
            self.scheduler.now_ns + 1_000_000, lambda: self.desk.handle(answer(self.scheduler.now_ns))
        )

    def of(self, kind: str) -> list[Any]:
        """Everything of one kind."""
        return [what for name, what in self.log if name == kind]
