"""Where a run trades: the accounts it finds there, and a seat for each of its legs.

A house is either the paper venues of this process or an exchange in another one. Both are the truth of what
is held; the journal is not.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

from dnkit.control.inbox import Inbox
from dnkit.desk.gateway.preflight import AccountFacts
from dnkit.desk.gateway.wire import Wire
from dnkit.desk.scheduler import Call
from dnkit.machine.program import LegSpec
from dnkit.market.leg_book import LegBook
from dnkit.model.capabilities import Capabilities
from dnkit.model.commands import PlaceOrder
from dnkit.venues.account import Account
from dnkit.venues.base import Request
from dnkit.venues.judge import Verdict


class Seat(Protocol):
    """One leg of a run at its venue. `opening` is what the account held when it was taken, signed lots."""

    opening: int
    capabilities: Capabilities

    def carry(self, request: Request) -> bool:
        """Send a request; False where it certainly did not leave."""

    def remember(self, asked: Iterable[PlaceOrder]) -> None:
        """The run goes on after its process died; `asked` are the orders of the leg it ever wrote down."""

    def verdict(self, ledger: int | None, keep: frozenset[str]) -> Verdict:
        """What the venue's own book says to the run's `ledger`; client ids in `keep` are meant to rest."""

    def leave(self) -> None:
        """The run is over here."""


class House(Protocol):
    """Accounts and seats. `mode` is PAPER or LIVE."""

    mode: str

    @property
    def market(self) -> str:
        """Name of the accounts' market."""

    def account(self, spec: LegSpec) -> Account:
        """The account a leg trades, as it is now."""

    def endow(self, spec: LegSpec, account: Account, lots: int, price: int) -> Account:
        """Give an account that holds nothing tradable signed `lots` at `price` ticks; answers it anew."""

    def facts(self, spec: LegSpec, book: int) -> AccountFacts:
        """What must be right of a leg's account before anything is opened there, read now."""

    def seat(self, index: int, spec: LegSpec, account: Account, book: int, run_id: str, wire: Wire) -> Seat:
        """A seat for leg `index` of a run on the book of that number; what it hears goes on `wire`."""


class Time(Protocol):
    """The books a run looks at, and the time it lives in. See `dnkit.runtime.world.World`."""

    inbox: Inbox

    @property
    def books(self) -> Sequence[LegBook]:
        """The books of all legs."""

    @property
    def end_ns(self) -> int | None:
        """When the market data ends, None for never."""

    @property
    def over(self) -> bool:
        """Whether it has ended."""

    @property
    def messages(self) -> int:
        """How many messages of market data were applied."""

    @property
    def seams(self) -> int:
        """How often a recording began again."""

    def now(self) -> int:
        """Nanoseconds on the run's clock."""

    def at(self, when_ns: int, call: Call) -> None:
        """Ask for a call at that time."""

    def advance(self, done: Callable[[], bool]) -> None:
        """Let time pass until `done`."""

    def settle(self, span_ns: int) -> None:
        """Let `span_ns` pass."""

    def linger(self) -> None:
        """Let a moment of ours pass, whatever the market's time does."""
